/** A DNS server on loopback with a few names, whose addresses may change while it runs (RFC 1035). */
import dgram from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'

const TYPES: Readonly<Record<number, 4 | 6>> = { 1: 4, 28: 6 }
const HEADER = 12

export class NameServer {
  readonly #socket: dgram.Socket
  readonly #names = new Map<string, readonly string[]>()

  private constructor(socket: dgram.Socket) {
    this.#socket = socket
    socket.on('message', (question, { port, address }) => {
      socket.send(this.#answer(question), port, address)
    })
  }

  static async start(address = '127.0.0.1'): Promise<NameServer> {
    const socket = dgram.createSocket('udp4').bind(0, address)
    await once(socket, 'listening')
    return new NameServer(socket)
  }

  /** The address, as `dns.setServers()` expects it. */
  get address(): string {
    const { address, port } = this.#socket.address()
    return `${address}:${port}`
  }

  /** From now on the name resolves to these addresses. */
  put(name: string, ...addresses: string[]): void {
    this.#names.set(name, addresses)
  }

  stop(): void {
    this.#socket.close()
  }

  #answer(question: Buffer): Buffer {
    const { name, end } = nameIn(question)
    const family = TYPES[question.readUInt16BE(end)]
    const known = this.#names.get(name)
    const found = (known ?? []).filter((address) => (isIPv4(address) ? 4 : 6) === family)
    const header = Buffer.from(question.subarray(0, HEADER))
    header.writeUInt16BE(known === undefined ? 0x81_83 : 0x81_80, 2) // a response; recursion; no such name
    header.writeUInt16BE(found.length, 6)
    header.fill(0, 8)
    return Buffer.concat([header, question.subarray(HEADER, end + 4), ...found.map(record)])
  }
}

/** The one name in a question, and the offset of its end. */
function nameIn(question: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = HEADER
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 }
}

/** The name is the question's, given as a pointer (4.1.4). */
function record(address: string): Buffer {
  const data = isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : ipv6(address)
  const head = Buffer.alloc(HEADER)
  head.writeUInt16BE(0xc0_00 + HEADER, 0)
  head.writeUInt16BE(isIPv4(address) ? 1 : 28, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

/** Written in full, or with one gap. */
function ipv6(address: string): Buffer {
  const [before = '', after = ''] = address.split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [first, last] = [groups(before), groups(after)]
  const gap = Array.from({ length: 8 - first.length - last.length }, () => 0)
  const data = Buffer.alloc(16)
  for (const [index, group] of [...first, ...gap, ...last].entries()) data.writeUInt16BE(group, index * 2)
  return data
}
