// Prints what a program sees of its sockets: events in order, errors, and how it ends. node unchanged.cjs <scenario>; it must print
// the same with and without `--require tcp-keepalive/register`.
const http = require('node:http')
const net = require('node:net')
const tls = require('node:tls')

const say = (...parts) => process.stdout.write(`${parts.join(' ')}\n`)
const watch = (name, emitter, events) => {
  for (const event of events) {
    emitter.on(event, (value) => say(name, event, value?.code ?? typeof value))
  }
}
const QUIET = ['lookup', 'connect', 'ready', 'secureConnect', 'end', 'finish', 'close']
const ALL = [...QUIET, 'error']

/** Calls `then` with the port of a server that calls `serve` for each connection. */
const serve = (server, then) => {
  server.listen(0, '127.0.0.1', () => then(server.address().port))
  server.unref()
}
const echo = () => net.createServer((socket) => socket.on('error', () => {}).pipe(socket))
const resetting = () => net.createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
/** Accepts a pg client, and closes the connection at its first query, or earlier through `hangUp()`. */
const postgres = () =>
  net.createServer((socket) => {
    hangUp = () => socket.resetAndDestroy()
    socket.on('error', () => {})
    socket.once('data', () => {
      // AuthenticationOk and ReadyForQuery (PostgreSQL's documentation, "Message Formats")
      socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]))
      socket.once('data', hangUp)
    })
  })
let hangUp
/** Not in the turn in which the client connects, because the order of pg's events would depend on it. */
const connectedAndIdle = () => {
  say('connected')
  setTimeout(() => hangUp(), 50)
}
const pgClient = (port) =>
  new (require('pg').Client)({ host: '127.0.0.1', port, user: 'any', database: 'any' })
const secure = (listener) => tls.createServer(JSON.parse(process.env.CERTIFICATE), listener)

const scenarios = {
  'of pg is reset in a query': () =>
    serve(postgres(), (port) => {
      const client = pgClient(port)
      watch('client', client, ['error', 'end', 'notice'])
      client
        .connect()
        .then(() => client.query('select 1'))
        .catch((error) => say('rejected', error.code, error.message))
    }),

  'of pg is reset while idle': () =>
    serve(postgres(), (port) => {
      const client = pgClient(port)
      watch('client', client, ['connect', 'error', 'end'])
      void client.connect().then(connectedAndIdle)
    }),

  'of pg is reset while idle, unhandled': () =>
    serve(postgres(), (port) => {
      const client = pgClient(port)
      watch('client', client, ['end'])
      void client.connect().then(connectedAndIdle)
    }),

  'ends normally': () =>
    serve(echo(), (port) => {
      const socket = net.connect(port, '127.0.0.1', () => socket.end('bye'))
      watch('socket', socket, ALL)
      socket.resume()
    }),

  'is refused': () => watch('socket', net.connect(1, '127.0.0.1'), ALL),

  'is refused at every address': () => watch('socket', net.connect(1, 'localhost'), ALL),

  'is reset': () =>
    serve(resetting(), (port) => {
      const socket = net.connect(port, '127.0.0.1', () => socket.write('.'))
      watch('socket', socket, ALL)
    }),

  'is reset, unhandled': () =>
    serve(resetting(), (port) => {
      const socket = net.connect(port, '127.0.0.1', () => socket.write('.'))
      watch('socket', socket, QUIET)
    }),

  'is reset, caught by uncaughtException': () => {
    process.on('uncaughtException', (error, origin) => say('uncaught', error.code, origin))
    scenarios['is reset, unhandled']()
  },

  'is refused, unhandled': () => watch('socket', net.connect(1, '127.0.0.1'), QUIET),

  'is destroyed with an error': () =>
    serve(echo(), (port) => {
      const socket = net.connect(port, '127.0.0.1', () => socket.destroy(new Error('mine')))
      watch('socket', socket, ALL)
    }),

  'is destroyed while connecting': () =>
    serve(echo(), (port) => {
      const socket = net.connect(port, '127.0.0.1')
      watch('socket', socket, ALL)
      socket.destroy()
      say('listeners', socket.listenerCount('error'), socket.listenerCount('close'))
    }),

  "throws in its 'connect' listener": () =>
    serve(echo(), (port) => {
      const socket = net.connect(port, '127.0.0.1', () => {
        throw Object.assign(new Error('in a listener'), { code: 'MINE' })
      })
      watch('socket', socket, ALL)
    }),

  'gets wrong arguments': () => {
    for (const args of [[], [{}], [-1], [70_000], [{ port: 'x' }], [{ port: 1, host: 5 }], [{ path: 5 }]]) {
      try {
        net.connect(...args).on('error', () => {})
        say('no error')
      } catch (error) {
        say(error.name, error.code, error.message)
      }
    }
  },

  'speaks TLS and ends normally': () =>
    serve(
      secure((socket) => socket.on('error', () => {}).end('hi')),
      (port) => {
        const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
        watch('tls', socket, ALL)
        socket.resume()
      },
    ),

  'speaks TLS and does not trust the certificate': () =>
    serve(
      secure(() => {}).on('tlsClientError', () => {}),
      (port) => watch('tls', tls.connect({ port, host: '127.0.0.1' }), ALL),
    ),

  'speaks TLS around a socket and is cut off': () =>
    serve(
      net.createServer((socket) => socket.once('data', () => socket.destroy())),
      (port) => {
        const socket = net.connect(port, '127.0.0.1')
        watch('socket', socket, ALL)
        watch('tls', tls.connect({ socket }), ALL)
      },
    ),

  'speaks TLS and is refused, unhandled': () => watch('tls', tls.connect(1, '127.0.0.1'), QUIET),

  'sends an HTTP request': () =>
    serve(
      http.createServer((_request, response) => response.end('hi')),
      (port) => {
        const agent = new http.Agent({ keepAlive: true })
        let left = 2
        const ask = () => {
          const request = http.get({ port, host: '127.0.0.1', agent })
          watch('request', request, ['socket', 'close', 'error'])
          request.on('response', (response) => {
            watch('response', response, ['end', 'close'])
            say('reused', request.reusedSocket)
            response.resume().on('close', () => setImmediate(--left > 0 ? ask : () => agent.destroy()))
          })
        }
        ask()
      },
    ),

  'sends an HTTP request and is closed by the server': () =>
    serve(
      net.createServer((socket) => socket.once('data', () => socket.destroy())),
      (port) =>
        watch(
          'request',
          http.get(port, '127.0.0.1').on('socket', () => {}),
          ['close', 'error'],
        ),
    ),

  'sends an HTTP request and is closed by the server, unhandled': () =>
    serve(resetting(), (port) => {
      watch('request', http.get({ port, host: '127.0.0.1' }), ['close'])
    }),
}

if (require.main === module) {
  process.on('exit', (code) => say('exit', code))
  scenarios[process.argv[2]]()
} else module.exports = Object.keys(scenarios)
