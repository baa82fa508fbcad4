/** The workloads of system-calls.slow.ts: a number of calls of one kind on one connection. */
const { once } = require('node:events')
const { connect, createServer, Socket } = require('node:net')
const {
  getKeepAlive,
  holdKeepAlive,
  inspectSockets,
  installKeepAlive,
  setKeepAlive,
} = require('tcp-keepalive')

const VALUES = { time: 60_000, interval: 10_000, retries: 6 }
const [workload, times] = process.argv.slice(2)

/** The first step, and the step that is repeated. */
const workloads = {
  nothing: () => () => {},
  set: (socket) => () => setKeepAlive(socket, VALUES),
  'set-user-timeout': (socket) => () => setKeepAlive(socket, { ...VALUES, userTimeout: 30_000 }),
  enable: (socket) => () => setKeepAlive(socket, { enabled: true }),
  get: (socket) => () => getKeepAlive(socket),
  'inspect-all': () => () => inspectSockets(),
  held(socket) {
    holdKeepAlive(socket, VALUES)
    return (time) => socket.setKeepAlive(true, 1000 * (time + 1))
  },
  'held-repeated'(socket) {
    holdKeepAlive(socket, VALUES)
    return () => socket.setKeepAlive(true, 5000)
  },
  'first-set'(socket) {
    setKeepAlive(socket, VALUES)
    return () => {}
  },
  'set-then-off'(socket) {
    setKeepAlive(socket, VALUES)
    return () => socket.setKeepAlive(false)
  },
  'set-then-delay'(socket) {
    setKeepAlive(socket, VALUES)
    return () => socket.setKeepAlive(true, 60_000)
  },
  'set-then-reconnect'(socket, port) {
    setKeepAlive(socket, VALUES)
    return async (time) => {
      if (time > 0) return
      socket.destroy()
      await once(socket, 'close')
      socket.connect(port, '127.0.0.1')
      await once(socket, 'connect')
    }
  },
  waiting(_, port) {
    const socket = new Socket().on('error', () => {})
    return async (time) => {
      const isLast = time === Number(times) - 1
      socket.connect(isLast ? port : 1, '127.0.0.1')
      setKeepAlive(socket, VALUES)
      setKeepAlive(socket, VALUES)
      await new Promise((resolve) => socket.once(isLast ? 'connect' : 'close', resolve))
      if (isLast) socket.destroy()
    }
  },
  'install-other': () => () => {},
  'install-user-timeout'(_, port) {
    installKeepAlive({ ...VALUES, userTimeout: 30_000 })
    return () => connectAndClose(port)
  },
  'install-deadline'(_, port) {
    installKeepAlive({ detectWithin: 60_000 })
    return () => connectAndClose(port)
  },
}

async function connectAndClose(port) {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  await once(socket.destroy(), 'close')
}

async function main() {
  const server = createServer((peer) => peer.resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  if (workload === 'install-other') installKeepAlive(VALUES, { match: 'db.internal:5432' })
  const came = once(server, 'connection')
  const socket = connect(server.address().port, '127.0.0.1')
  await once(socket, 'connect')
  await came
  const call = workloads[workload](socket, server.address().port)
  for (let time = 0; time < Number(times); time++) await call(time)
  socket.destroy()
  server.close()
}

void main()
