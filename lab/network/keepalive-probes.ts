import type { Endpoint, TcpPacket } from './packets.ts'

/** A keepalive probe, and the packet that answered it: an ACK of a living peer, a RST of one that has restarted. */
export interface KeepAliveProbe extends TcpPacket {
  readonly answer: TcpPacket | undefined
}

/**
 * The keepalive probes among captured packets: segments without data that pretend to be one byte old
 * (RFC 9293, 3.8.4), so that the peer has to acknowledge again. `from`: whose probes, an address or an endpoint.
 * A probe of a window that is closed looks the same.
 */
export function keepAliveProbes(
  packets: readonly TcpPacket[],
  { from }: { readonly from?: string | Endpoint } = {},
): KeepAliveProbe[] {
  const nextToSend = new Map<string, number>() // each direction of each connection, as far as packets tell
  const learn = (way: string, number: number): void => {
    const known = nextToSend.get(way)
    if (known === undefined || isLater(number, known)) nextToSend.set(way, number)
  }
  const probes: KeepAliveProbe[] = []
  for (const [index, packet] of packets.entries()) {
    const later = packets.slice(index + 1)
    // Of a connection older than the capture only an answer tells what would have come next.
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

/** Sequence numbers go round at 2³² (RFC 9293, 3.4). */
export function after(seq: number, bytes: number): number {
  return (seq + bytes) >>> 0
}

export function isLater(a: number, b: number): boolean {
  return ((a - b) | 0) > 0
}
