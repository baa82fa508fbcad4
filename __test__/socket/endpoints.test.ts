import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import net from 'node:net'
import test from 'ava'
import * as native from 'tcp-keepalive/native'
import { addressWords } from '../../src/settings/address.ts'
import { connectedPair, rawDescriptor } from '../../lab/readback/readback.ts'

const NONE = -1

/** The search that Deno, Bun and Windows need. Node on Linux does not use it, but knows the right result. */
function search(socket: net.Socket, hint = NONE): number {
  const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = socket
  const ends = [...addressWords(localAddress), localPort, ...addressWords(remoteAddress), remotePort]
  return native.findDescriptor(Int32Array.from(ends), hint)
}

function searchListener(server: net.Server): number {
  const { address, port } = server.address() as net.AddressInfo
  return native.findDescriptor(Int32Array.from([...addressWords(address), port, 0, 0, 0, 0, -1]), NONE)
}

for (const [what, host, to] of [
  ['IPv4', '127.0.0.1', '127.0.0.1'],
  ['IPv6', '::1', '::1'],
  ['IPv4 to a listener of both', '::', '127.0.0.1'],
] as const) {
  test(`both ends of a connection and its listener are found by their addresses: ${what}`, async (t) => {
    const { client, accepted, server, close } = await connectedPair(host, to)
    t.teardown(close)
    t.is(search(client), rawDescriptor(client))
    t.is(search(accepted), rawDescriptor(accepted))
    t.is(searchListener(server), rawDescriptor(server))
  })
}

test('of 200 connections to one server each is found, whatever the hint', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets: net.Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  for (let count = 0; count < 100; count += 1) {
    const accepting = once(server, 'connection') as Promise<[net.Socket]>
    const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
    const [[accepted]] = await Promise.all([accepting, once(client, 'connect')])
    sockets.push(client, accepted)
  }
  for (const [index, socket] of sockets.entries()) {
    const other = rawDescriptor(sockets[(index * 7 + 1) % sockets.length] ?? socket)
    for (const hint of [NONE, rawDescriptor(socket), other, 0, 2 ** 40, Number.NaN]) {
      t.is(search(socket, hint), rawDescriptor(socket))
    }
  }
})

test('after the end of a connection nothing is found, whoever has its descriptor number', async (t) => {
  const { client, accepted, close } = await connectedPair()
  t.teardown(close)
  const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = client
  const ends = Int32Array.from([
    ...addressWords(localAddress),
    localPort,
    ...addressWords(remoteAddress),
    remotePort,
  ])
  const stale = rawDescriptor(client)
  t.is(native.findDescriptor(ends, stale), stale)
  client.destroy()
  await once(client, 'close')
  const file = openSync('/dev/null', 'r')
  t.teardown(() => closeSync(file))
  t.is(native.findDescriptor(ends, stale), NONE)
  t.true(accepted.localPort === remotePort)
})

test('addresses that are not a pair of endpoints find nothing', (t) => {
  for (const numbers of [
    [],
    [1, 2, 3],
    [0, 0, 0, 0, -1, 0, 0, 0, 0, -1],
    [0, 0, 0, 0, 70_000, 0, 0, 0, 0, -1],
  ]) {
    t.is(native.findDescriptor(Int32Array.from(numbers), NONE), NONE)
  }
})
