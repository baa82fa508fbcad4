/** Objects that are similar to a socket are refused, and the error names the object to use instead. That object is accepted. */
import { createSocket } from 'node:dgram'
import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import { createRequire } from 'node:module'
import net, { type AddressInfo } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { getKeepAlive, holdKeepAlive, setKeepAlive, type Target } from 'tcp-keepalive'

const examples = createRequire(new URL('../../examples/package.json', import.meta.url))

interface Emitter extends EventEmitter {
  stream: net.Socket
}
interface Pg {
  Client: new () => Emitter & { connection: Emitter }
  Pool: new () => EventEmitter
}
interface Mysql2 {
  createPool(options: object): EventEmitter & { promise(): EventEmitter; end(): void }
  createPoolCluster(): EventEmitter
  createConnection(options: object): Emitter & { promise(): { connection: Emitter }; destroy(): void }
}
interface Ioredis {
  Redis: new (options: object) => Emitter & { disconnect(): void }
  Cluster: new (nodes: readonly object[], options: object) => EventEmitter & { disconnect(): void }
}
interface Ws {
  WebSocket: new (url: string) => EventEmitter
  WebSocketServer: new (options: object) => EventEmitter & { clients: Iterable<{ terminate(): void }> }
}

const DEADLINE = { detectWithin: 30_000 }

/** `target` is refused with this message, which names only one object. */
function refused(t: ExecutionContext, target: unknown, instead: string): void {
  const expected = { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE' }
  for (const call of [
    () => setKeepAlive(target as Target, DEADLINE),
    () => getKeepAlive(target as Target),
    () => holdKeepAlive(target as net.Socket, DEADLINE),
  ]) {
    const { message = '' } = t.throws(call, expected) ?? {}
    t.regex(message, /^The "target" argument must be a net\.Socket.*\)\. Received /)
    t.is(message.slice(message.indexOf(' (') + 2, message.lastIndexOf('). Received')), instead)
  }
}

/** The object that a message names has the values afterwards. */
function taken(t: ExecutionContext, target: unknown): void {
  t.notThrows(() => setKeepAlive(target as Target, DEADLINE))
  if (!(target as net.Socket).pending) t.like(getKeepAlive(target as Target), { enabled: true, retries: 5 })
}

async function port(t: ExecutionContext, server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Accepts connections and sends nothing. */
async function silentServer(t: ExecutionContext): Promise<number> {
  return port(
    t,
    net.createServer((socket) => {
      socket.on('error', () => {})
      t.teardown(() => socket.destroy())
    }),
  )
}

const AGENT = 'an agent has many sockets: install with installKeepAlive, or set each in its createConnection'

test('an http.Agent, and one of a subclass', (t) => {
  refused(t, http.globalAgent, AGENT)
  refused(t, new (class Proxied extends http.Agent {})(), AGENT)
})

test('a request and a response, at both ends', async (t) => {
  const server = http.createServer()
  const request = http.get({ port: await port(t, server), agent: false }).on('error', () => {})
  t.teardown(() => request.destroy())
  refused(t, request, "give the request's socket: request.socket, after 'socket'")
  const [incoming, outgoing] = (await once(server, 'request')) as [http.IncomingMessage, http.ServerResponse]
  taken(t, request.socket)
  refused(t, incoming, "give the message's socket: message.socket")
  taken(t, incoming.socket)
  refused(t, outgoing, "give the response's socket: response.socket")
  taken(t, outgoing.socket)
})

test('an HTTP/2 session and its streams, at both ends', async (t) => {
  const server = http2.createServer()
  const session = http2.connect(`http://127.0.0.1:${await port(t, server)}`)
  t.teardown(() => session.destroy())
  await once(session, 'connect')
  const stream = session.request().on('error', () => {})
  const [atServer] = (await once(server, 'stream')) as [http2.ServerHttp2Stream]
  atServer.on('error', () => {})
  refused(t, session, "give the session's socket: session.socket")
  taken(t, session.socket)
  for (const each of [stream, atServer]) {
    refused(t, each, "give the socket of the stream's session: stream.session.socket")
    taken(t, each.session?.socket)
  }
})

test('a WebSocket of ws, at both ends', async (t) => {
  const { WebSocket, WebSocketServer } = examples('ws') as Ws
  const server = http.createServer()
  const sockets = new WebSocketServer({ server })
  const ws = new WebSocket(`ws://127.0.0.1:${await port(t, server)}`)
  const arrived = once(sockets, 'connection')
  const instead =
    "give the socket of ws: response.socket at the client's 'upgrade', request.socket at the server's 'connection'"
  refused(t, ws, instead)
  const [response] = (await once(ws, 'upgrade')) as [http.IncomingMessage]
  taken(t, response.socket)
  const [accepted, request] = (await arrived) as [{ terminate(): void }, http.IncomingMessage]
  t.teardown(() => accepted.terminate())
  refused(t, accepted, instead)
  taken(t, request.socket)
})

test('a standard WebSocket, which does not expose its socket', async (t) => {
  const { WebSocket } = examples('undici') as {
    WebSocket: new (url: string) => EventTarget & { close(): void }
  }
  const ws = new WebSocket(`ws://127.0.0.1:${await silentServer(t)}`)
  ws.addEventListener('error', () => {})
  t.teardown(() => ws.close())
  refused(
    t,
    ws,
    'a WebSocket of this class shows no socket: install with installKeepAlive, which may reach it',
  )
})

test('a client and a pool of pg', (t) => {
  const { Client, Pool } = examples('pg') as Pg
  const client = new Client()
  refused(t, client, "give the client's socket, as client.connection.stream of pg")
  taken(t, client.connection.stream)
  const ofPool = "give the socket of each client: pool.on('connect', (client) => client.connection.stream)"
  refused(t, new Pool(), ofPool)
})

test('a pool, a cluster and a connection of mysql2, with callbacks and with promises', async (t) => {
  const mysql2 = examples('mysql2') as Mysql2
  const where = { host: '127.0.0.1', port: await silentServer(t) }
  const pool = mysql2.createPool(where)
  const ofPool =
    "give the socket of each connection: pool.on('connection', (connection) => connection.stream)"
  refused(t, pool, ofPool)
  refused(t, pool.promise(), ofPool)
  refused(
    t,
    mysql2.createPoolCluster(),
    'a pool has many sockets: install with installKeepAlive, or set each as its connection is made',
  )
  const connection = mysql2.createConnection(where).on('error', () => {})
  t.teardown(() => connection.destroy())
  refused(t, connection, "give the connection's socket: connection.stream")
  taken(t, connection.stream)
  const promised = connection.promise()
  refused(t, promised, "give the connection's socket: connection.connection.stream")
  taken(t, promised.connection.stream)
})

test('a client and a cluster of ioredis', async (t) => {
  const { Redis, Cluster } = examples('ioredis') as Ioredis
  const redis = new Redis({ host: '127.0.0.1', port: await silentServer(t) }).on('error', () => {})
  t.teardown(() => redis.disconnect())
  const instead = "give the client's socket: redis.on('connect', () => redis.stream)"
  refused(t, redis, instead)
  await once(redis, 'connect')
  refused(t, redis, instead)
  taken(t, redis.stream)
  refused(
    t,
    new Cluster([{ host: '127.0.0.1', port: 9 }], { lazyConnect: true }),
    'a cluster has many sockets: install with installKeepAlive, or set node.stream of each of its nodes()',
  )
})

test('a client of mqtt', async (t) => {
  const { connect } = examples('mqtt') as {
    connect(options: object): Emitter & { end(force: boolean): void }
  }
  const client = connect({ protocol: 'mqtt', host: '127.0.0.1', port: await silentServer(t) })
  t.teardown(() => client.end(true))
  refused(t, client, "give the client's socket: client.on('connect', () => client.stream)")
  taken(t, client.stream)
})

test('dispatchers of undici, and clients that do not expose their socket', (t) => {
  const { Agent, Pool } = examples('undici') as Record<'Agent' | 'Pool', new (origin?: string) => object>
  for (const dispatcher of [new Agent(), new Pool('http://127.0.0.1:9')]) {
    const instead =
      'a dispatcher of undici has many sockets: set each in its connect option, or use installKeepAlive'
    refused(t, dispatcher, instead)
  }
  const instead = "give the client's socket; if it shows none, use installKeepAlive"
  refused(t, (examples('redis') as { createClient(): object }).createClient(), instead)
  const { MongoClient } = examples('mongodb') as { MongoClient: new (url: string) => object }
  refused(t, new MongoClient('mongodb://127.0.0.1:9'), instead)
})

test('another class with the name Socket, such as that of @neondatabase/serverless', (t) => {
  // The fields of version 1.2; it uses a WebSocket.
  class Socket extends EventEmitter {
    writable = false
    connecting = false
    connect(): void {}
    write(): void {}
    startTls(): void {}
    destroy(): void {}
  }
  const instead =
    'this Socket is not the class of node:net, for example because a driver uses a WebSocket: ' +
    'give the net.Socket beneath it, or use installKeepAlive'
  refused(t, new Socket(), instead)
})

test('a channel of ssh2, and any other Duplex', (t) => {
  // The fields of lib/Channel.js of ssh2 1.17.
  class Channel extends Duplex {
    type = 'session'
    subtype = undefined
    incoming = {}
    outgoing = {}
  }
  refused(
    t,
    new Channel(),
    'a channel is a part of an SSH connection: give connect() of ssh2 a net.Socket as sock, and set that one',
  )
  const stream = 'a stream has no keepalive itself: give the net.Socket at its end'
  refused(t, new Duplex(), stream)
  refused(t, new PassThrough(), stream)
})

test('a datagram socket', (t) => {
  const socket = createSocket('udp4')
  t.teardown(() => socket.close())
  refused(t, socket, 'a datagram socket has no keepalive')
})

test('other objects get no advice, and a proxy that throws causes no other error', (t) => {
  for (const target of [{}, [], new Map(), new Date(), { fd: 3 }]) {
    const { message } = t.throws(() => setKeepAlive(target as Target, DEADLINE))
    t.regex(message, /must be a net\.Socket, a tls\.TLSSocket, a net\.Server or a descriptor\. Received/)
  }
  const hostile = new Proxy(
    {},
    {
      has() {
        throw new Error('no field can be asked for')
      },
    },
  )
  t.throws(() => setKeepAlive(hostile as Target, DEADLINE), { code: 'ERR_INVALID_ARG_TYPE' })
})

test('no getter of a refused object is called', (t) => {
  const target = Object.defineProperty({ connect() {}, query() {} }, 'stream', {
    get: () => t.fail('a getter was called'),
  })
  t.throws(() => setKeepAlive(target as unknown as Target, DEADLINE), { code: 'ERR_INVALID_ARG_TYPE' })
})
