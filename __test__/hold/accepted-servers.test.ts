/**
 * Servers of every kind, with TCP_KEEPALIVE_ACCEPTED=1 and no code: connections to clients that are cut off end within the
 * deadline; connections to slow readers do not.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import { createRequire } from 'node:module'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { getTcpInfo } from 'tcp-keepalive'
import { cutOff } from 'tcp-keepalive/drill'
import { certificate } from '../../lab/servers/certificate.ts'
import { isInTime } from '../../lab/timing.ts'
import { behindProxy } from '../../src/socket/node-internals.ts'
import { unless } from '../needs.ts'

const DEADLINE = 6000
const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux can cut a connection off.')
const program = fileURLToPath(new URL('accepted-program.mjs', import.meta.url))
const { WebSocket } = createRequire(new URL('../../examples/package.json', import.meta.url))('ws') as {
  WebSocket: new (url: string) => NodeJS.EventEmitter & { readonly _socket: net.Socket }
}

interface Ended {
  readonly kind: string
  /** The client's port. */
  readonly port: number
  readonly at: number
  /** The code of the error that ended it. */
  readonly code?: string
  /** How long the server's process did not run, so far. */
  readonly pausedMs: number
}

/** The connection of a client that has received its first answer. `path` says how much data follows. */
type Client = (port: number, path: '/' | '/much', t: ExecutionContext) => Promise<net.Socket>

const host = '127.0.0.1'
const rejectUnauthorized = false

async function answered(socket: net.Socket, path: string): Promise<net.Socket> {
  socket.on('error', () => {})
  socket.write(path)
  await once(socket, 'readable')
  return socket
}

async function responded(request: http.ClientRequest): Promise<net.Socket> {
  request.on('error', () => {})
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.on('error', () => {})
  return response.socket
}

async function streamed(t: ExecutionContext, url: string, path: string): Promise<net.Socket> {
  const session = http2.connect(url, { rejectUnauthorized }).on('error', () => {})
  const stream = session.request({ ':path': path }).on('error', () => {})
  await once(stream, 'response')
  t.teardown(() => session.destroy())
  return behindProxy(session.socket)
}

const clients: Readonly<Record<string, Client>> = {
  net: async (port, path) => answered(net.connect(port, host), path),
  tls: async (port, path) => answered(tls.connect({ port, host, rejectUnauthorized }), path),
  http: async (port, path) => responded(http.get({ port, host, path, agent: false })),
  https: async (port, path) => responded(https.get({ port, host, path, agent: false, rejectUnauthorized })),
  http2: async (port, path, t) => streamed(t, `http://${host}:${port}`, path),
  'http2 over TLS': async (port, path, t) => streamed(t, `https://${host}:${port}`, path),
  async ws(port, path) {
    const socket = new WebSocket(`ws://${host}:${port}${path}`)
    socket.on('error', () => {})
    await once(socket, 'open')
    return socket._socket
  },
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** Starts the program, and collects its output. */
async function start(
  t: ExecutionContext,
  args: readonly string[],
): Promise<{ ports: Readonly<Record<string, number>>; ends: Ended[] }> {
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    CERTIFICATE: JSON.stringify(certificate),
    TCP_KEEPALIVE_ACCEPTED: '1',
    TCP_KEEPALIVE_DETECT_WITHIN: `${DEADLINE}ms`,
    TCP_KEEPALIVE_MATCH: 'nobody.invalid',
    TCP_KEEPALIVE_REQUIRED: '1',
  }
  const child = spawn(process.execPath, ['--import=tcp-keepalive/register', program, ...args], {
    env,
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    child.kill()
    await ended(child)
  })
  const ends: Ended[] = []
  const lines = createInterface(child.stdout)
  const ports = await new Promise<Readonly<Record<string, number>>>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the servers have ended')))
    lines.on('line', (line) => {
      const said = JSON.parse(line) as Ended & { readonly ports?: Readonly<Record<string, number>> }
      if (said.ports) resolve(said.ports)
      else ends.push(said)
    })
  })
  return { ports, ends }
}

for (const args of [[], ['cluster']]) {
  const where = args.length === 0 ? 'the main thread' : "a cluster's worker"
  onLinux(
    `in ${where}: connections to clients that are cut off end within the deadline, slow readers stay connected`,
    async (t) => {
      const { ports, ends } = await start(t, args)
      const kinds = Object.keys(ports)
      t.deepEqual(kinds, Object.keys(clients))
      const open = async (kind: string, path: '/' | '/much'): Promise<net.Socket> =>
        (await clients[kind]?.(ports[kind] ?? 0, path, t)) as net.Socket
      const slow = await Promise.all(kinds.map(async (kind) => open(kind, '/much')))
      // http2 refuses the call on its sockets. Its streams are not read, because nobody listens for data.
      for (const [index, socket] of slow.entries()) if (!kinds[index]?.startsWith('http2')) socket.pause()
      const waiting = await Promise.all(kinds.map(async (kind) => open(kind, '/')))
      const portsOf = (sockets: readonly net.Socket[]): number[] =>
        sockets.map(({ localPort }) => localPort ?? 0)
      const [slowPorts, cutPorts] = [portsOf(slow), portsOf(waiting)]
      t.teardown(() => {
        for (const socket of [...slow, ...waiting]) socket.destroy()
      })
      // Data that a client still had to send would be retransmitted, and the server would receive it.
      while (!waiting.every((socket) => (getTcpInfo(socket).silentFor ?? 0) > 500)) await sleep(50)
      t.deepEqual(ends, [])
      const cuts = waiting.map((socket) => cutOff(socket))
      t.teardown(() => {
        for (const cut of cuts) cut.restore()
      })
      const since = Date.now()
      const lost = (): Ended[] => ends.filter(({ port }) => cutPorts.includes(port))
      // The server's process reports how long it did not run; this time is subtracted.
      while (lost().length < cutPorts.length && Date.now() - since < 10 * DEADLINE) await sleep(50)
      t.deepEqual(
        lost()
          .map(({ kind }) => kind)
          .toSorted(),
        kinds.toSorted(),
      )
      for (const { kind, at, pausedMs } of lost()) {
        const took = at - since
        t.true(
          isInTime(took, pausedMs, DEADLINE),
          `${kind}: ended after ${took} ms, paused for ${pausedMs} ms`,
        )
      }
      await sleep(Math.max(0, since + 3 * DEADLINE - Date.now()))
      t.deepEqual(
        ends.filter(({ port }) => slowPorts.includes(port)),
        [],
      )
    },
  )
}
