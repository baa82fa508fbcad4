/**
 * What to give instead of something that is nearly a socket: a pool, an agent, a request, a stream over a socket.
 *
 * Nothing is loaded and no getter is called here: each kind is told by the names of its fields. The fields were read
 * from Node 18 to 26, pg 8, mysql2 3, ioredis 5 and 6, mqtt 5, ws 8, ssh2 1 and undici 6 to 8.
 */

interface Kind {
  /** Some of its fields; each must be there. */
  readonly fields: readonly string[]
  /** Its own name of its class, where the fields alone do not tell. */
  readonly named?: string
  /** Continues "must be a net.Socket … (": what the caller has, and what to give. */
  readonly instead: string
}

/** The first that fits counts, so what is told by more fields stands before what is told by fewer. */
const KINDS: readonly Kind[] = [
  { fields: ['addMembership', 'bind'], instead: 'a datagram socket has no keepalive' },
  // What node:http and node:http2 make.
  {
    fields: ['freeSockets', 'createConnection'],
    instead: 'an agent has many sockets: install with installKeepAlive, or set each in its createConnection',
  },
  {
    fields: ['onSocket', 'setHeader'],
    instead: "of a request its socket: request.socket, once 'socket' has come",
  },
  { fields: ['writeHead', 'setHeader'], instead: 'of a response its socket: response.socket' },
  { fields: ['httpVersion', 'rawHeaders'], instead: 'of a message its socket: message.socket' },
  {
    fields: ['session', 'rstCode', 'pipe'],
    instead: "of an HTTP/2 stream its session's socket: stream.session.socket",
  },
  { fields: ['localSettings', 'socket'], instead: 'of an HTTP/2 session its socket: session.socket' },
  // WebSockets: that of ws, and those that follow the standard, which show no socket.
  {
    fields: ['readyState', 'binaryType', 'terminate'],
    instead:
      "of a ws its socket: response.socket at the client's 'upgrade', request.socket at the server's 'connection'",
  },
  {
    fields: ['readyState', 'binaryType', 'send'],
    instead: 'a WebSocket of this class shows no socket: install with installKeepAlive, which may reach it',
  },
  // Clients of databases and brokers.
  {
    fields: ['getConnection', 'releaseConnection', 'on'],
    instead:
      "of a mysql2 pool each connection's socket: pool.on('connection', (connection) => connection.stream)",
  },
  {
    fields: ['getConnection', 'on'],
    instead: 'a pool has many sockets: install with installKeepAlive, or set each as its connection is made',
  },
  {
    fields: ['totalCount', 'idleCount', 'waitingCount'],
    instead: "of a pg pool each client's socket: pool.on('connect', (client) => client.connection.stream)",
  },
  {
    fields: ['sendCommand', 'isCluster', 'startupNodes'],
    instead:
      'a cluster has many sockets: install with installKeepAlive, or set node.stream of each of its nodes()',
  },
  {
    fields: ['sendCommand', 'isCluster', 'connector'],
    instead: "of an ioredis client its socket: redis.on('connect', () => redis.stream)",
  },
  {
    fields: ['streamBuilder', 'reconnecting'],
    instead: "of an mqtt client its socket: client.on('connect', () => client.stream)",
  },
  {
    fields: ['connect', 'query', 'stream'],
    instead: 'of a connection of mysql2 its socket: connection.stream',
  },
  {
    fields: ['connection', 'query', 'prepare'],
    instead: 'of a connection of mysql2/promise its socket: connection.connection.stream',
  },
  {
    fields: ['connect', 'query'],
    instead: 'of a database client its socket, as client.connection.stream of pg',
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
      'this Socket is not of the class of node:net, as where a driver speaks over a WebSocket: ' +
      'give the net.Socket beneath it, or use installKeepAlive',
  },
  {
    fields: ['_readableState', 'pipe', 'on'],
    instead: 'a stream has no keepalive itself: give the net.Socket at its end',
  },
  { fields: ['connect', 'on'], instead: 'of a client its socket; where it shows none, use installKeepAlive' },
]

/** `undefined` for what is nothing of this kind. */
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
