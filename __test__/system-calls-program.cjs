/** The workloads of system-calls.slow.ts: so many calls of one kind on one connection. */
const { once } = require('node:events')
const { connect, createServer } = require('node:net')
const { getKeepAlive, holdKeepAlive, installKeepAlive, setKeepAlive } = require('tcp-keepalive')

const VALUES = { time: 60_000, interval: 10_000, retries: 6 }
const [workload, times] = process.argv.slice(2)

/** What is done first, and what so many times. */
const workloads = {
  nothing: () => () => {},
  set: (socket) => () => setKeepAlive(socket, VALUES),
  'set-user-timeout': (socket) => () => setKeepAlive(socket, { ...VALUES, userTimeout: 30_000 }),
  enable: (socket) => () => setKeepAlive(socket, { enabled: true }),
  get: (socket) => () => getKeepAlive(socket),
  held(socket) {
    holdKeepAlive(socket, VALUES)
    return (time) => socket.setKeepAlive(true, 1000 * (time + 1))
  },
  'install-other': () => () => {},
}

async function main() {
  const server = createServer((peer) => peer.resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  if (workload === 'install-other') installKeepAlive(VALUES, { match: 'db.internal:5432' })
  const socket = connect(server.address().port, '127.0.0.1')
  await once(socket, 'connect')
  const call = workloads[workload](socket)
  for (let time = 0; time < Number(times); time++) call(time)
  socket.destroy()
  server.close()
}

void main()
