/** Reads what tcpdump prints: TCP packets, and ICMP errors with the packet that each one quotes. */

export interface Endpoint {
  readonly address: string
  readonly port: number
}

export interface TcpPacket {
  readonly kind: 'tcp'
  /** Milliseconds since 1970, with fractions. */
  readonly at: number
  readonly from: Endpoint
  readonly to: Endpoint
  readonly flags: Readonly<Record<'syn' | 'ack' | 'fin' | 'rst' | 'psh', boolean>>
  readonly seq: number
  readonly ack: number
  /** Bytes of data, without any header. */
  readonly length: number
}

/** An answer that says that a packet could not be delivered. */
export interface IcmpError {
  readonly kind: 'icmp'
  /** Milliseconds since 1970, with fractions. */
  readonly at: number
  readonly icmp: 'host-unreachable' | 'unreachable'
  readonly from: { readonly address: string }
  readonly to: { readonly address: string }
  /** The packet that could not be delivered; tcpdump prints it only for IPv4. */
  readonly about: TcpPacket | undefined
}

export type Packet = TcpPacket | IcmpError

/**
 * tcpdump's options for this reader. Only with the second -v does it print the sequence number of a packet without data. -K: it
 * checks no checksums.
 */
export const PRINTING: readonly string[] = ['-n', '-tt', '-S', '-vv', '-K']

const TIME = /^(\d+)\.(\d{6}) IP/
const TCP =
  / (\S+)\.(\d+) > (\S+)\.(\d+): Flags \[(\S+)\],.*? seq (\d+)(?::\d+)?(?:, ack (\d+))?,.*? length (\d+)/
const ICMP = / (\S+) > (\S+): .*ICMP6?,? .*unreachable/
const HOST = /ICMP host \S+ unreachable|unreachable address/

/** A reader for one stream: it takes the text as it comes, and returns the packets that are complete. */
export function packetReader(): (chunk: string) => Packet[] {
  let unfinished = ''
  let at = 0
  let error: IcmpError | undefined
  const readLine = (line: string): Packet[] => {
    const time = TIME.exec(line)
    if (time) [at, error] = [Number(time[1]) * 1000 + Number(time[2]) / 1000, undefined]
    const tcp = line.includes(': Flags [') && TCP.exec(line)
    if (tcp) {
      const packet = tcpPacket(tcp, at)
      return [error ? { ...error, about: packet } : packet]
    }
    const icmp = line.includes('ICMP') && ICMP.exec(line)
    if (!icmp) return []
    const [, from = '', to = ''] = icmp
    const what = HOST.test(line) ? 'host-unreachable' : 'unreachable'
    error = { kind: 'icmp', at, icmp: what, from: { address: from }, to: { address: to }, about: undefined }
    return line.includes('ICMP6') ? [error] : [] // with IPv4, the quote is on the next lines
  }
  return (chunk) => {
    const lines = (unfinished + chunk).split('\n')
    unfinished = lines.pop() ?? ''
    return lines.flatMap(readLine)
  }
}

function tcpPacket(match: RegExpExecArray, at: number): TcpPacket {
  const [, source = '', sourcePort, target = '', targetPort, letters = '', seq, ack = 0, length] = match
  return {
    kind: 'tcp',
    at,
    from: { address: source, port: Number(sourcePort) },
    to: { address: target, port: Number(targetPort) },
    flags: {
      syn: letters.includes('S'),
      ack: letters.includes('.'),
      fin: letters.includes('F'),
      rst: letters.includes('R'),
      psh: letters.includes('P'),
    },
    seq: Number(seq),
    ack: Number(ack),
    length: Number(length),
  }
}
