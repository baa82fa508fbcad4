// Under register: makes one connection of a kind, the first of the thread, and prints its result. node register-late-program.cjs
// KIND PORT
const { subscribe } = require('node:diagnostics_channel')
const http = require('node:http')
const net = require('node:net')
const tls = require('node:tls')
const timers = require('node:timers')
const { AsyncLocalStorage, createHook } = require('node:async_hooks')
const { installKeepAlive } = require('tcp-keepalive')

const [, , kind, port] = process.argv
const told = []
subscribe('tcp-keepalive:apply', ({ settings, by, peer, doing }) => told.push({ settings, by, peer, doing }))
subscribe('tcp-keepalive:error', ({ error }) => told.push(String(error)))

const to = { host: 'localhost', port: Number(port), autoSelectFamily: false }
const lookups = (host, options, callback) =>
  options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4)

const kinds = {
  name: () => net.connect(to),
  'name of several addresses': () => net.connect({ ...to, autoSelectFamily: true }),
  address: () => net.connect(Number(port), '127.0.0.1'),
  'no host': () => net.connect(Number(port)),
  'a lookup that answers at once': () => net.connect({ ...to, host: 'db.internal', lookup: lookups }),
  'a socket of its own': () => new net.Socket().connect({ ...to }),
  http: () => http.get({ ...to, agent: false }).on('error', () => {}),
  tls: () => tls.connect({ ...to, rejectUnauthorized: false }),
  'fake timers': () => {
    const fake = () => {
      throw new Error('the fake was called')
    }
    for (const name of Object.keys(timers)) timers[name] = fake
    process.hrtime = fake
    return net.connect(to)
  },
  'within a request': () => {
    const requests = new AsyncLocalStorage()
    const seen = (_, type) => {
      if (type.startsWith('TCPKEEPALIVE')) told.push(`${type} ${requests.getStore()}`)
    }
    createHook({ init: seen }).enable()
    return requests.run('this one', () => net.connect(to))
  },
  "the program's own install": () => {
    installKeepAlive({ time: 9000, interval: 3000, retries: 3, userTimeout: 20_000 })
    return net.connect(to)
  },
  'torn down': () => {
    const Module = require('node:module')
    const { _load } = Module
    Module._load = function (request, ...rest) {
      if (request.includes('implementation')) throw new Error('the environment has been torn down')
      return Reflect.apply(_load, this, [request, ...rest])
    }
    return net.connect(to)
  },
}

const made = kinds[kind]()
const end = (socket) =>
  setImmediate(() => {
    process.stdout.write(JSON.stringify({ told, isReal: timers.setTimeout === setTimeout }))
    socket.destroy()
    process.exit()
  })
if (made instanceof http.ClientRequest) {
  made.on('socket', (socket) => socket.on('connect', () => end(socket)))
} else {
  made.on('error', () => {}).on('connect', () => end(made))
}
