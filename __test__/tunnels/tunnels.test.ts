/**
 * Through a proxy or a tunnel the peer is the proxy. Its socket protects everything that passes, and the program gets the error
 * that the library makes when that socket ends. docs/proxies-and-tunnels.md lists these errors, and this test reads them there.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import { createRequire } from 'node:module'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import test, { type ExecutionContext } from 'ava'
import { installKeepAlive, type KeepAliveApplied, type KeepAliveLost } from 'tcp-keepalive'
import { cutOff } from 'tcp-keepalive/drill'
import { certificate } from '../../lab/servers/certificate.ts'
import { type Between, httpProxy, socksProxy, sshServer } from './between.ts'
import { isInTime, type Pauses, PAUSES } from '../../lab/timing.ts'
import { listening } from '../hold/sockets.ts'

const DEADLINE = 5000
const HOST = '127.0.0.1'
const examples = createRequire(new URL('../../examples/package.json', import.meta.url))
const page = readFileSync(new URL('../../docs/proxies-and-tunnels.md', import.meta.url), 'utf8')
// IP_MINTTL cuts off the far end, and only Linux has it (tcp-keepalive/drill).
const linux = process.platform === 'linux' ? test.serial : test.serial.skip
const { watchPauses } = (await import(PAUSES)) as Pauses
const pausedSince = watchPauses()

/** An open path. */
interface Opened {
  /** How the program sees its end, as the page writes it. */
  readonly told: Promise<string>
}

/** Opens a path through the hop. */
type Open = (t: ExecutionContext, between: Between) => Promise<Opened>

/** The error with its message and its code. `once` of node:events would throw it. */
async function errorOf(from: NodeJS.EventEmitter): Promise<string> {
  return new Promise((resolve) => {
    from.once('error', (error: NodeJS.ErrnoException) => {
      resolve(`'error': ${error.message}, ${error.code === undefined ? 'no `code`' : `\`${error.code}\``}`)
    })
  })
}

/** Whether an error comes before the end. */
async function endOf(stream: Duplex): Promise<string> {
  return new Promise((resolve) => {
    stream.once('error', (error) => resolve(`'error': ${error.message}`))
    stream.once('close', () => resolve("'close'"))
  })
}

async function answered(stream: Duplex): Promise<void> {
  stream.write('hello')
  await once(stream, 'data')
}

async function echo(t: ExecutionContext): Promise<number> {
  const { port } = await listening(
    t,
    net.createServer((socket) => socket.pipe(socket)),
  )
  return port
}

const socks: Open = async (t, { port }) => {
  const { SocksClient } = examples('socks') as {
    SocksClient: { createConnection(options: object): Promise<{ socket: net.Socket }> }
  }
  const destination = { host: HOST, port: await echo(t) }
  const { socket } = await SocksClient.createConnection({
    proxy: { host: HOST, port, type: 5 },
    command: 'connect',
    destination,
  })
  await answered(socket)
  return { told: errorOf(socket) }
}

const connect: Open = async (t, { port }) => {
  const { HttpsProxyAgent } = examples('https-proxy-agent') as {
    HttpsProxyAgent: new (url: string, options: object) => https.Agent
  }
  const server = https.createServer(certificate, (_request, response) => response.write('and so on'))
  const to = await listening(t, server)
  t.teardown(() => server.closeAllConnections())
  const agent = new HttpsProxyAgent(`http://${HOST}:${port}`, { rejectUnauthorized: false })
  const request = https.get({ host: HOST, port: to.port, agent, rejectUnauthorized: false })
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
  await once(response, 'data')
  response.on('error', () => {}) // ECONNRESET, because it was not complete
  return { told: errorOf(request) }
}

interface SshClient extends NodeJS.EventEmitter {
  connect(options: object): void
  end(): void
  forwardOut(
    fromHost: string,
    fromPort: number,
    host: string,
    port: number,
    done: (error: Error | undefined, stream: Duplex) => void,
  ): void
}

const ssh: Open = async (t, { port }) => {
  const { Client } = examples('ssh2') as { Client: new () => SshClient }
  const client = new Client()
  client.connect({ host: HOST, port, username: 'anybody', password: 'anything' })
  await once(client, 'ready')
  const to = await echo(t)
  const stream = await new Promise<Duplex>((resolve, reject) => {
    client.forwardOut(HOST, 0, HOST, to, (error, opened) => (error ? reject(error) : resolve(opened)))
  })
  await answered(stream)
  const [ofClient, ofStream] = [errorOf(client), endOf(stream)]
  return { told: (async () => `client ${await ofClient}; stream ${await ofStream}`)() }
}

const tunnelSsh: Open = async (t, { port }) => {
  const { createTunnel } = examples('tunnel-ssh') as {
    createTunnel(...options: object[]): Promise<[net.Server, SshClient]>
  }
  const { Client } = examples('pg') as {
    Client: new (options: object) => NodeJS.EventEmitter & {
      connect(): Promise<void>
      query(text: string): Promise<unknown>
    }
  }
  const database = await PGlite.create()
  const postgres = new PGLiteSocketServer({ db: database, port: 0, host: HOST })
  await postgres.start()
  t.teardown(async () => {
    await postgres.stop()
    await database.close()
  })
  const [, to = ''] = postgres.getServerConn().split(':')
  const [local, client] = await createTunnel(
    { autoClose: false, reconnectOnError: false },
    { port: 0, host: HOST },
    { host: HOST, port, username: 'anybody', password: 'anything' },
    { srcAddr: HOST, srcPort: 0, dstAddr: HOST, dstPort: Number(to) },
  )
  t.teardown(() => local.close())
  const through = (local.address() as net.AddressInfo).port
  const pg = new Client({ host: HOST, port: through, user: 'postgres', database: 'postgres' })
  await pg.connect()
  await pg.query('select 1')
  const [ofClient, ofPg] = [errorOf(client), errorOf(pg)]
  return { told: (async () => `tunnel ${await ofClient}; pg ${await ofPg}`)() }
}

const WAYS: Readonly<Record<string, readonly [start: () => Promise<Between>, open: Open]>> = {
  'socks 2.8.11': [socksProxy, socks],
  'https-proxy-agent 7.0.6': [httpProxy, connect],
  'ssh2 1.17.0': [sshServer, ssh],
  'tunnel-ssh 5.2.0': [sshServer, tunnelSsh],
}

for (const [name, [start, open]] of Object.entries(WAYS)) {
  linux(`${name}: the proxy's socket protects, and the page says which error the program gets`, async (t) => {
    t.timeout(60_000)
    const between = await start()
    t.teardown(() => between.close())
    const install = installKeepAlive({ detectWithin: DEADLINE }, { match: between.port })
    t.teardown(() => install.uninstall())
    const [applied, lost] = [published<KeepAliveApplied>(t, 'apply'), published<KeepAliveLost>(t, 'lost')]
    const { told } = await open(t, between)
    t.is(applied.length, 1, 'there is one socket, to what stands between')
    const [{ socket }] = applied as [KeepAliveApplied]
    const cut = cutOff(socket)
    t.teardown(() => cut.restore())
    const since = Date.now()
    const what = await told
    const took = Date.now() - since
    t.true(isInTime(took, pausedSince(since), DEADLINE), `${took} ms`)
    t.deepEqual(
      lost.map(({ peer, outcome }) => ({ peer, outcome })),
      [{ peer: { host: HOST, address: HOST, port: between.port }, outcome: 'no-answer' }],
    )
    const row = page.split('\n').find((line) => line.includes(`| ${name} |`))
    t.true(row?.includes(what), `the page does not say of ${name}: ${what}`)
  })
}

function published<M>(t: ExecutionContext, channel: string): M[] {
  const messages: M[] = []
  const listener = (message: unknown): void => void messages.push(message as M)
  subscribe(`tcp-keepalive:${channel}`, listener)
  t.teardown(() => unsubscribe(`tcp-keepalive:${channel}`, listener))
  return messages
}
