import { execFileSync } from 'node:child_process'

import { type Packet, packetReader, PRINTING } from '../../lab/network/packets.ts'
import { needTool } from '../../lab/network/tools.ts'
import { withLab as withTcpdump } from '../needs.ts'

const from = { address: '10.9.1.1', port: 54_106 }
const to = { address: '10.9.2.1', port: 7000 }
const flags = { syn: false, ack: true, fin: false, rst: false, psh: true }

function tcp(bits: number, data: number): Buffer {
  const header = Buffer.alloc(20 + data)
  header.writeUInt16BE(from.port, 0)
  header.writeUInt16BE(to.port, 2)
  header.writeUInt32BE(4_294_967_295, 4)
  header.writeUInt32BE(7, 8)
  header.writeUInt8(5 << 4, 12)
  header.writeUInt8(bits, 13)
  return header
}

function ipv4(protocol: number, payload: Buffer, addresses = [10, 9, 1, 1, 10, 9, 2, 1]): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt8(0x45, 0)
  header.writeUInt16BE(20 + payload.length, 2)
  header.writeUInt8(protocol, 9)
  Buffer.from(addresses).copy(header, 12)
  return Buffer.concat([header, payload])
}

function ipv6(protocol: number, payload: Buffer, addresses: readonly string[]): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt8(0x60, 0)
  header.writeUInt16BE(payload.length, 4)
  header.writeUInt8(protocol, 6)
  return Buffer.concat([header, ...addresses.map((address) => Buffer.from(address, 'hex')), payload])
}

function icmp(type: number, code: number, packet: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, code, 0, 0, 0, 0, 0, 0]), packet])
}

interface Format {
  readonly little?: boolean
  readonly nanoseconds?: boolean
}

function pcap(frames: readonly Buffer[], { little = true, nanoseconds = false }: Format = {}): Buffer {
  const numbers = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4)
    for (const [index, value] of values.entries()) {
      if (little) bytes.writeUInt32LE(value, index * 4)
      else bytes.writeUInt32BE(value, index * 4)
    }
    return bytes
  }
  const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4
  const version = little ? 0x4_0002 : 0x2_0004
  const file = [numbers(magic, version, 0, 0, 65_535, 1)]
  for (const ip of frames) {
    const ethernet = Buffer.alloc(14)
    ethernet.writeUInt16BE(ip.readUInt8(0) >> 4 === 4 ? 0x0800 : 0x86dd, 12)
    const length = 14 + ip.length
    file.push(numbers(1_700_000_000, nanoseconds ? 250_500_000 : 250_500, length, length), ethernet, ip)
  }
  return Buffer.concat(file)
}

/** What tcpdump prints for a capture. */
function printed(capture: Buffer): string {
  const options = { input: capture, encoding: 'utf8', stdio: 'pipe' } as const
  return execFileSync(needTool('tcpdump'), ['-r', '-', ...PRINTING], options)
}

function packetsOf(capture: Buffer): Packet[] {
  return packetReader()(printed(capture))
}

for (const little of [true, false]) {
  for (const nanoseconds of [true, false]) {
    const title = `${little ? 'little' : 'big'} endian, ${nanoseconds ? 'nano' : 'micro'}seconds`
    withTcpdump(`a TCP packet is read from a stream that is ${title}`, (t) => {
      const packets = packetsOf(pcap([ipv4(6, tcp(0b11000, 5))], { little, nanoseconds }))
      const at = 1_700_000_000_250.5
      t.deepEqual(packets, [{ kind: 'tcp', at, from, to, flags, seq: 4_294_967_295, ack: 7, length: 5 }])
    })
  }
}

withTcpdump('the chunks of a stream may end anywhere', (t) => {
  const stream = printed(pcap([ipv4(6, tcp(0b00010, 0)), ipv4(6, tcp(0b00100, 3)), ipv4(6, tcp(0b00001, 0))]))
  const whole = packetReader()(stream)
  t.is(whole.length, 3)
  const read = packetReader()
  t.deepEqual(
    stream.split('').flatMap((letter) => read(letter)),
    whole,
  )
})

withTcpdump('a length is the length that was sent, also if the capture only has the headers', (t) => {
  const cut = ipv4(6, tcp(0b10000, 1000)).subarray(0, 60)
  t.like(packetsOf(pcap([cut]))[0], { length: 1000 })
})

withTcpdump('Ethernet pads short frames; the padding is not data', (t) => {
  const padded = Buffer.concat([ipv4(6, tcp(0b10000, 0)), Buffer.alloc(6)])
  t.like(packetsOf(pcap([padded]))[0], { seq: 4_294_967_295, ack: 7, length: 0 })
})

withTcpdump('IPv6 addresses are written in the short form', (t) => {
  const frame = ipv6(6, tcp(0b10000, 2), [
    'fd090001000000000000000000000001',
    '00000000000000000000000000000001',
  ])
  const [packet] = packetsOf(pcap([frame]))
  t.like(packet, { from: { address: 'fd09:1::1' }, to: { address: '::1' }, length: 2 })
})

withTcpdump('an ICMP error names its meaning and the packet that caused it', (t) => {
  const router = [10, 9, 1, 254, 10, 9, 1, 1]
  const quote = ipv4(6, tcp(0b10000, 0)) // Linux quotes the whole header
  const [packet] = packetsOf(pcap([ipv4(1, icmp(3, 1, quote), router)]))
  t.like(packet, {
    kind: 'icmp',
    icmp: 'host-unreachable',
    from: { address: '10.9.1.254' },
    about: { from, to, seq: 4_294_967_295 },
  })
})

withTcpdump('an ICMPv6 error names its meaning', (t) => {
  const ends = ['fd0900010000000000000000000000fe', 'fd090001000000000000000000000001']
  const quote = ipv6(6, tcp(0b10000, 0), ends)
  const [packet] = packetsOf(pcap([ipv6(58, icmp(1, 3, quote), ends)]))
  t.like(packet, { icmp: 'host-unreachable', from: { address: 'fd09:1::fe' } })
})

withTcpdump('other packets are skipped', (t) => {
  const udp = ipv4(17, Buffer.alloc(8))
  const echoRequest = ipv4(1, icmp(8, 0, Buffer.alloc(8)))
  t.deepEqual(packetsOf(pcap([udp, echoRequest, ipv4(6, Buffer.alloc(4)), Buffer.from([0x45])])), [])
})

withTcpdump('data that is no capture is refused', (t) => {
  t.throws(() => packetsOf(Buffer.alloc(24)), { message: /unknown file format/ })
})
