import type { Endpoint, TcpPacket } from './packets.ts'

/** A keepalive probe, and its answer: an ACK of a living peer, or a RST of a restarted one. */
export interface KeepAliveProbe extends TcpPacket {
  readonly answer: TcpPacket | undefined
}

/**
 * Finds the keepalive probes in captured packets: segments without data, whose sequence number is one too low (RFC 9293,
 * 3.8.4), so that the peer must acknowledge again. A probe of a closed window looks the same. `from`: only the probes of this address
 * or endpoint.
 */
export function keepAliveProbes(
  packets: readonly TcpPacket[],
  { from }: { readonly from?: string | Endpoint } = {},
): KeepAliveProbe[] {
  const nextToSend = new Map<string, number>() // the next sequence number of each direction of each connection
  const learn = (way: string, number: number): void => {
    const known = nextToSend.get(way)
    if (known === undefined || isLater(number, known)) nextToSend.set(way, number)
  }
  const probes: KeepAliveProbe[] = []
  for (const [index, packet] of packets.entries()) {
    const later = packets.slice(index + 1)
    // If the connection is older than the capture, only the answer shows the next sequence number.
    const next = nextToSend.get(wayOf(packet)) ?? later.find((answer) => isReply(answer, packet))?.ack
    if (isEmptyAck(packet) && next === after(packet.seq, 1)) {
      if (from === undefined || matches(packet.from, from)) {
        probes.push({ ...packet, answer: answerTo(packet, later) })
      }
    } else learn(wayOf(packet), endOf(packet))
    if (packet.flags.ack) learn(wayBackOf(packet), packet.ack)
  }
  return probes
}

function isEmptyAck({ length, flags }: TcpPacket): boolean {
  return length === 0 && flags.ack && !flags.syn && !flags.fin && !flags.rst
}

function answerTo(probe: TcpPacket, later: readonly TcpPacket[]): TcpPacket | undefined {
  const untilNext = later.findIndex((packet) => wayOf(packet) === wayOf(probe))
  return (untilNext < 0 ? later : later.slice(0, untilNext)).find(
    (packet) => isReply(packet, probe) && (packet.flags.rst || packet.ack === after(probe.seq, 1)),
  )
}

function wayOf({ from, to }: TcpPacket): string {
  return `${from.address} ${from.port} > ${to.address} ${to.port}`
}

function wayBackOf({ from, to }: TcpPacket): string {
  return `${to.address} ${to.port} > ${from.address} ${from.port}`
}

function isReply(a: TcpPacket, b: TcpPacket): boolean {
  return wayOf(a) === wayBackOf(b)
}

function matches(end: Endpoint, wanted: string | Endpoint): boolean {
  if (typeof wanted === 'string') return end.address === wanted
  return end.address === wanted.address && end.port === wanted.port
}

function endOf({ seq, length, flags }: TcpPacket): number {
  return after(seq, length + (flags.syn ? 1 : 0) + (flags.fin ? 1 : 0))
}

/** Sequence numbers start again at 2³² (RFC 9293, 3.4). */
export function after(seq: number, bytes: number): number {
  return (seq + bytes) >>> 0
}

export function isLater(a: number, b: number): boolean {
  return ((a - b) | 0) > 0
}
