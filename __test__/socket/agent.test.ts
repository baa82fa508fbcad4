import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type net from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { setKeepAlive } from 'tcp-keepalive'
import { certificate } from '../../lab/servers/certificate.ts'
import { inItsUnit, readback } from '../../lab/readback/readback.ts'

const ASKED = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }
const HELD = { enabled: 1, time: 16, interval: 2, retries: 5, userTimeout: inItsUnit(25_500) }

/** A request through the agent. Resolves with its socket, when the answer was read and the socket is free again. */
async function request(
  t: ExecutionContext,
  client: typeof http | typeof https,
  options: https.RequestOptions,
): Promise<net.Socket> {
  const sent = client.get({ host: '127.0.0.1', ...options })
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage]
  t.is(response.statusCode, 200)
  const { socket } = response
  const free = once(socket, 'free')
  response.resume()
  await free
  return socket
}

test("an http.Agent's socket keeps the values on reuse", async (t) => {
  const server = http.createServer((_request, response) => response.end('.')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const agent = new http.Agent({ keepAlive: true })
  t.teardown(() => {
    agent.destroy()
    server.close()
  })
  const options = { agent, port: (server.address() as net.AddressInfo).port }
  const socket = await request(t, http, options)
  const byNode = readback(socket)
  t.deepEqual([byNode.enabled, byNode.time, byNode.interval, byNode.retries], [1, 1, 1, 10])
  setKeepAlive(socket, ASKED)
  for (let reuse = 0; reuse < 3; reuse++) {
    t.is(await request(t, http, options), socket)
    t.deepEqual(readback(socket), HELD)
  }
})

test("an https.Agent's socket keeps the values on reuse, once it has been used", async (t) => {
  const server = https
    .createServer(certificate, (_request, response) => response.end('.'))
    .listen(0, '127.0.0.1')
  await once(server, 'listening')
  const agent = new https.Agent({ keepAlive: true })
  t.teardown(() => {
    agent.destroy()
    server.close()
  })
  const { port } = server.address() as net.AddressInfo
  const options = { agent, port, ca: certificate.cert, servername: 'localhost' }
  const socket = await request(t, https, options)
  t.notDeepEqual(readback(socket), HELD)
  setKeepAlive(socket, ASKED)
  for (let reuse = 0; reuse < 3; reuse++) {
    t.is(await request(t, https, options), socket)
    t.deepEqual(readback(socket), HELD)
  }
})
