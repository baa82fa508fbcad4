/** Reads what `tcpdump -w -` writes: the pcap format (pcap-savefile(5)), and in it TCP and ICMP errors. */

export interface Endpoint {
  readonly address: string
  readonly port: number
}

interface Passing {
  /** When it passed: milliseconds since 1970, with fractions. */
  readonly at: number
}

export interface TcpPacket extends Passing {
  readonly kind: 'tcp'
  readonly from: Endpoint
  readonly to: Endpoint
  readonly flags: Readonly<Record<'syn' | 'ack' | 'fin' | 'rst' | 'psh', boolean>>
  readonly seq: number
  readonly ack: number
  /** Bytes of data, without any header. */
  readonly length: number
}

export type Unreachable = 'net-unreachable' | 'host-unreachable' | 'port-unreachable' | 'unreachable'

export interface IcmpError extends Passing {
  readonly kind: 'icmp'
  readonly icmp: Unreachable
  readonly from: { readonly address: string }
  readonly to: { readonly address: string }
  /** The packet that could not be delivered. */
  readonly about: { readonly from: Endpoint; readonly to: Endpoint; readonly seq: number } | undefined
}

export type Packet = TcpPacket | IcmpError

const fileHeaderBytes = 24
const recordHeaderBytes = 16
const ethernetBytes = 14

/** A reader for one stream: give it the chunks as they come, it returns the packets that are complete. */
export function pcapReader(): (chunk: Buffer) => Packet[] {
  let rest: Buffer = Buffer.alloc(0)
  let format: Format | undefined
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    if (format === undefined) {
      if (rest.length < fileHeaderBytes) return []
      format = readFormat(rest)
      rest = rest.subarray(fileHeaderBytes)
    }
    const packets: Packet[] = []
    while (rest.length >= recordHeaderBytes) {
      const end = recordHeaderBytes + format.uint32(rest, 8)
      if (rest.length < end) break
      const at = format.uint32(rest, 0) * 1000 + format.uint32(rest, 4) / format.fractionsOfMillisecond
      const packet = readFrame(rest.subarray(recordHeaderBytes, end), at)
      if (packet !== undefined) packets.push(packet)
      rest = rest.subarray(end)
    }
    return packets
  }
}

interface Format {
  readonly uint32: (bytes: Buffer, offset: number) => number
  readonly fractionsOfMillisecond: number
}

// The first number tells the byte order of the machine that wrote, and whether times count micro- or nanoseconds.
function readFormat(header: Buffer): Format {
  for (const uint32 of [littleEndian, bigEndian]) {
    const magic = uint32(header, 0)
    if (magic !== 0xa1b2c3d4 && magic !== 0xa1b23c4d) continue
    const linkType = uint32(header, 20)
    if (linkType !== 1) throw new Error(`This reads Ethernet captures, not link type ${linkType}`)
    return { uint32, fractionsOfMillisecond: magic === 0xa1b2c3d4 ? 1e3 : 1e6 }
  }
  throw new Error('This is not a pcap stream')
}

function littleEndian(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset)
}

function bigEndian(bytes: Buffer, offset: number): number {
  return bytes.readUInt32BE(offset)
}

function readFrame(frame: Buffer, at: number): Packet | undefined {
  if (frame.length < ethernetBytes) return undefined
  const etherType = frame.readUInt16BE(12)
  if (etherType !== 0x0800 && etherType !== 0x86dd) return undefined
  const ip = readIp(frame.subarray(ethernetBytes))
  if (ip === undefined) return undefined
  if (ip.protocol === 6) return readTcp(ip, at)
  if (ip.protocol === 1 || ip.protocol === 58) return readIcmp(ip, at)
  return undefined
}

interface Ip {
  readonly protocol: number
  readonly from: string
  readonly to: string
  readonly payload: Buffer
  /** The payload's length as sent; a capture may have kept less. */
  readonly payloadBytes: number
}

function readIp(ip: Buffer): Ip | undefined {
  if (ip.length >= 20 && ip.readUInt8(0) >> 4 === 4) {
    const headerBytes = (ip.readUInt8(0) & 15) * 4
    return {
      protocol: ip.readUInt8(9),
      from: ip.subarray(12, 16).join('.'),
      to: ip.subarray(16, 20).join('.'),
      payload: ip.subarray(headerBytes),
      payloadBytes: ip.readUInt16BE(2) - headerBytes,
    }
  }
  if (ip.length >= 40 && ip.readUInt8(0) >> 4 === 6) {
    return {
      protocol: ip.readUInt8(6), // extension headers do not occur in front of what is read here
      from: ipv6Text(ip.subarray(8, 24)),
      to: ipv6Text(ip.subarray(24, 40)),
      payload: ip.subarray(40),
      payloadBytes: ip.readUInt16BE(4),
    }
  }
  return undefined
}

function readTcp({ from, to, payload, payloadBytes }: Ip, at: number): TcpPacket | undefined {
  if (payload.length < 20) return undefined
  const bits = payload.readUInt8(13)
  return {
    kind: 'tcp',
    at,
    from: { address: from, port: payload.readUInt16BE(0) },
    to: { address: to, port: payload.readUInt16BE(2) },
    flags: {
      syn: (bits & 2) !== 0,
      ack: (bits & 16) !== 0,
      fin: (bits & 1) !== 0,
      rst: (bits & 4) !== 0,
      psh: (bits & 8) !== 0,
    },
    seq: payload.readUInt32BE(4),
    ack: payload.readUInt32BE(8),
    length: payloadBytes - (payload.readUInt8(12) >> 4) * 4,
  }
}

// The codes of "destination unreachable": RFC 792 (type 3) and RFC 4443 (type 1).
const meanings: Record<number, { type: number; codes: Record<number, Unreachable> }> = {
  1: { type: 3, codes: { 0: 'net-unreachable', 1: 'host-unreachable', 3: 'port-unreachable' } },
  58: { type: 1, codes: { 0: 'net-unreachable', 3: 'host-unreachable', 4: 'port-unreachable' } },
}

function readIcmp({ protocol, from, to, payload }: Ip, at: number): IcmpError | undefined {
  const meaning = meanings[protocol]
  if (meaning === undefined || payload.length < 8 || payload.readUInt8(0) !== meaning.type) return undefined
  const icmp = meaning.codes[payload.readUInt8(1)] ?? 'unreachable'
  return {
    kind: 'icmp',
    at,
    icmp,
    from: { address: from },
    to: { address: to },
    about: quoted(payload.subarray(8)),
  }
}

// Eight bytes of the packet's payload are all that is sure to be quoted: the ports and the sequence number.
function quoted(packet: Buffer): IcmpError['about'] {
  const ip = readIp(packet)
  if (ip === undefined || ip.protocol !== 6 || ip.payload.length < 8) return undefined
  return {
    from: { address: ip.from, port: ip.payload.readUInt16BE(0) },
    to: { address: ip.to, port: ip.payload.readUInt16BE(2) },
    seq: ip.payload.readUInt32BE(4),
  }
}

function ipv6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1) // which writes it the short way
}
