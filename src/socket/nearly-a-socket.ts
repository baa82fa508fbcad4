/**
 * Says what to give instead of an object that has a socket: a pool, an agent, a request, a stream over a socket.
 *
 * This loads nothing and calls no getter: each kind is recognized by the names of its fields. The fields were read
 * from Node 18 to 26, pg 8, mysql2 3, ioredis 5 and 6, mqtt 5, ws 8, ssh2 1 and undici 6 to 8.
 */

interface Kind {
  /** Some of its fields. All of them must exist. */
  readonly fields: readonly string[]
  /** The name of its class, if the fields are not enough. */
  readonly named?: string
  /** Continues "must be a net.Socket … (". */
  readonly instead: string
}

/** The first match counts, so kinds with more fields come before kinds with fewer. */
const KINDS: readonly Kind[] = [
  { fields: ['addMembership', 'bind'], instead: 'a datagram socket has no keepalive' },
  // Objects of node:http and node:http2.
  {
    fields: ['freeSockets', 'createConnection'],
    instead: 'an agent has many sockets: install with installKeepAlive, or set each in its createConnection',
  },
  {
    fields: ['onSocket', 'setHeader'],
    instead: "give the request's socket: request.socket, after 'socket'",
  },
  { fields: ['writeHead', 'setHeader'], instead: "give the response's socket: response.socket" },
  { fields: ['httpVersion', 'rawHeaders'], instead: "give the message's socket: message.socket" },
  {
    fields: ['session', 'rstCode', 'pipe'],
    instead: "give the socket of the stream's session: stream.session.socket",
  },
  { fields: ['localSettings', 'socket'], instead: "give the session's socket: session.socket" },
  // WebSockets: the class of ws, and the standard one, which exposes no socket.
  {
    fields: ['readyState', 'binaryType', 'terminate'],
    instead:
      "give the socket of ws: response.socket at the client's 'upgrade', request.socket at the server's 'connection'",
  },
  {
    fields: ['readyState', 'binaryType', 'send'],
    instead: 'a WebSocket of this class shows no socket: install with installKeepAlive, which may reach it',
  },
  // Clients of databases and brokers.
  {
    fields: ['getConnection', 'releaseConnection', 'on'],
    instead: "give the socket of each connection: pool.on('connection', (connection) => connection.stream)",
  },
  {
    fields: ['getConnection', 'on'],
    instead: 'a pool has many sockets: install with installKeepAlive, or set each as its connection is made',
  },
  {
    fields: ['totalCount', 'idleCount', 'waitingCount'],
    instead: "give the socket of each client: pool.on('connect', (client) => client.connection.stream)",
  },
  {
    fields: ['sendCommand', 'isCluster', 'startupNodes'],
    instead:
      'a cluster has many sockets: install with installKeepAlive, or set node.stream of each of its nodes()',
  },
  {
    fields: ['sendCommand', 'isCluster', 'connector'],
    instead: "give the client's socket: redis.on('connect', () => redis.stream)",
  },
  {
    fields: ['streamBuilder', 'reconnecting'],
    instead: "give the client's socket: client.on('connect', () => client.stream)",
  },
  {
    fields: ['connect', 'query', 'stream'],
    instead: "give the connection's socket: connection.stream",
  },
  {
    fields: ['connection', 'query', 'prepare'],
    instead: "give the connection's socket: connection.connection.stream",
  },
  {
    fields: ['connect', 'query'],
    instead: "give the client's socket, as client.connection.stream of pg",
  },
  {
    fields: ['dispatch', 'request', 'destroy'],
    instead:
      'a dispatcher of undici has many sockets: set each in its connect option, or use installKeepAlive',
  },
  // Streams.
  {
    fields: ['incoming', 'outgoing', 'subtype', 'pipe'],
    instead:
      'a channel is a part of an SSH connection: give connect() of ssh2 a net.Socket as sock, and set that one',
  },
  {
    fields: ['connect', 'write'],
    named: 'Socket',
    instead:
      'this Socket is not the class of node:net, for example because a driver uses a WebSocket: ' +
      'give the net.Socket beneath it, or use installKeepAlive',
  },
  {
    fields: ['_readableState', 'pipe', 'on'],
    instead: 'a stream has no keepalive itself: give the net.Socket at its end',
  },
  { fields: ['connect', 'on'], instead: "give the client's socket; if it shows none, use installKeepAlive" },
]

/** @returns `undefined` if the target is not of a known kind */
export function insteadOf(target: unknown): string | undefined {
  if (typeof target !== 'object' || target === null) return undefined
  try {
    return KINDS.find(({ fields, named }) => {
      return fields.every((field) => field in target) && (named === undefined || classOf(target) === named)
    })?.instead
  } catch {
    return undefined // a proxy may throw anything
  }
}

function classOf(target: object): unknown {
  const { constructor } = target
  return typeof constructor === 'function' ? constructor.name : undefined
}
