/** `cutOff`: what it accepts, what it refuses, and that it restores everything. Another program reads the options. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { TcpKeepAliveError } from 'tcp-keepalive'
import { cutOff } from 'tcp-keepalive/drill'
import * as native from 'tcp-keepalive/native'
import { rawDescriptor, runReadback, witness } from '../../lab/readback/readback.ts'
import { plainPair } from './pairs.ts'

/** IP_MINTTL and IPV6_MINHOPCOUNT, as another program reads them. */
function hops(socket: net.Socket): number[] {
  return runReadback(['hops'], rawDescriptor(socket)) as number[]
}

for (const [kind, open, cut] of [
  ['IPv4', [0, -1], [255, -1]],
  ['IPv6', [0, 0], [255, 255]],
  ['v4-mapped IPv6', [0, 0], [255, 255]],
] as const) {
  test(`${kind}: the options are set on this socket only, and restored`, async (t) => {
    const { client, accepted } = await plainPair(kind)
    t.deepEqual(hops(client), [...open])
    const drill = cutOff(client)
    t.deepEqual(hops(client), [...cut])
    t.deepEqual(hops(accepted), [...open])
    drill.restore()
    t.deepEqual(hops(client), [...open])
    client.destroy()
  })
}

test('of several cuts, the last restore() restores the original options, in any order', async (t) => {
  const { client } = await plainPair('IPv6')
  const fd = rawDescriptor(client)
  t.is(native.setHopMinimum(fd, 3, 4), 0)
  const [first, second, third] = [cutOff(client), cutOff(fd), cutOff(client)]
  for (const drill of [first, third, first]) {
    drill.restore()
    t.deepEqual(hops(client), [255, 255])
  }
  second[Symbol.dispose]()
  t.deepEqual(hops(client), [3, 4])
  const again = cutOff(client)
  t.deepEqual(hops(client), [255, 255])
  again.restore()
  t.deepEqual(hops(client), [3, 4])
  client.destroy()
})

test.serial('another socket with the same descriptor number is not changed', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connect = async (): Promise<net.Socket> => {
    const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  const client = await connect()
  const fd = rawDescriptor(client)
  const drill = cutOff(fd)
  client.destroy()
  await once(client, 'close')
  const other = await connect()
  t.is(rawDescriptor(other), fd)
  native.setHopMinimum(fd, 7, -1)
  drill.restore()
  t.deepEqual(hops(other), [7, -1])
  other.destroy()
  server.close()
})

test('restore() on an ended connection does nothing', async (t) => {
  const { client } = await plainPair('IPv4')
  const drill = cutOff(client)
  client.destroy()
  t.notThrows(() => drill.restore())
})

test('a server and a listening descriptor are refused, because their accepted connections would be cut off too', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (const target of [server, rawDescriptor(server)]) {
    const error = t.throws(() => cutOff(target), { instanceOf: TcpKeepAliveError })
    t.is(error?.code, 'ERR_TCP_KEEPALIVE_UNSUPPORTED')
  }
  const values = new Int32Array(4)
  t.is(native.getHopMinimum(rawDescriptor(server), values), 0)
  t.deepEqual([...values.subarray(0, 2)], [0, -1])
  server.close()
})

test('a socket that is not connected, or not a TCP socket, is refused', async (t) => {
  const code = (target: net.Socket | number): unknown =>
    (t.throws(() => cutOff(target), { any: true }) as NodeJS.ErrnoException).code
  t.is(code(new net.Socket()), 'ERR_TCP_KEEPALIVE_NOT_CONNECTED')
  const { client } = await plainPair('IPv4')
  client.destroy()
  t.is(code(client), 'ERR_TCP_KEEPALIVE_DESTROYED')
  t.is(code('socket' as unknown as number), 'ERR_INVALID_ARG_TYPE')
  t.is(code(99_999), 'EBADF')
})

test('a peer whose packets arrive with a TTL of 255 is not cut off, and restore() says so', async (t) => {
  const near = spawn(witness('near'), { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => near.stdin.end())
  const [port] = (await once(createInterface(near.stdout), 'line')) as [string]
  const socket = net.connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  const drill = cutOff(socket)
  await sleep(300)
  socket.write('heard')
  t.is(String((await once(socket, 'data'))[0]), 'heard')
  const error = t.throws(() => drill.restore(), { instanceOf: TcpKeepAliveError })
  t.is(error?.code, 'ERR_TCP_KEEPALIVE_UNSUPPORTED')
  t.regex(error?.message ?? '', /TTL of 255/)
  t.deepEqual(hops(socket), [0, -1])
  // Also if the connection has ended by then.
  const second = cutOff(socket)
  await sleep(300)
  socket.write('heard again')
  await once(socket, 'data')
  await sleep(300)
  socket.destroy()
  t.throws(() => second.restore(), { instanceOf: TcpKeepAliveError })
})
