// Opens and closes 10,000 sockets with a deadline, and prints what remains of them. node --expose-gc come-and-go.cjs
const { createHook } = require('node:async_hooks')
const { once } = require('node:events')
const { readdirSync, writeSync } = require('node:fs')
const net = require('node:net')
const { holdKeepAlive, installKeepAlive, setKeepAlive } = require('tcp-keepalive')

const SOCKETS = 10_000
const WAVE = 100
const DEADLINE = { detectWithin: 5000 }
const MUCH = Buffer.alloc(8 * 1024 * 1024)

// Node has no list of timers that do not keep a program running.
const timers = new Set()
createHook({
  init: (id, type) => type === 'Timeout' && timers.add(id),
  destroy: (id) => timers.delete(id),
}).enable()

const methods = () => ['connect', 'setKeepAlive', '_destroy'].map((name) => net.Socket.prototype[name])
const left = () => ({
  timers: timers.size,
  resources: process.getActiveResourcesInfo().toSorted().join(),
  exitListeners: process.listenerCount('exit'),
  descriptors: readdirSync('/proc/self/fd').length,
})

const asks = [
  (socket) => setKeepAlive(socket, DEADLINE),
  (socket) => {
    const hold = holdKeepAlive(socket, DEADLINE)
    socket.once('close', () => hold.release())
  },
  () => {}, // the install
]
const ends = [
  (socket) => socket.destroy(),
  (socket) => socket.end('more'),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.write('the peer, please'),
]

async function comeAndGo(number, port) {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => {}) // the peer's reset
  asks[number % asks.length](socket)
  await once(socket, 'connect')
  const closed = once(socket, 'close').catch(() => {})
  // Some leave data behind that the peer does not read.
  if (number % 50 === 0) {
    socket.write(MUCH)
    setImmediate(() => socket.destroy())
  } else {
    socket.write('x', () => ends[number % ends.length](socket))
  }
  socket.resume()
  await closed
}

async function main() {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      if (data.includes('please')) socket.destroy()
      if (data.length > 1000 && !socket.isPaused()) {
        socket.pause()
        setTimeout(() => socket.destroy(), 200)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  // Node's own net.Socket accesses it when a socket ends, and so creates it.
  void process.stderr
  const before = methods()
  const atFirst = left()
  const heaps = []
  let most = 0
  for (let wave = 0; wave < SOCKETS / WAVE; wave++) {
    const install = installKeepAlive(DEADLINE)
    const going = Array.from({ length: WAVE }, (_, place) => comeAndGo(wave * WAVE + place, port))
    await new Promise(setImmediate)
    if (wave === 0) most = timers.size // before the peer has any sockets
    await Promise.all(going)
    install.uninstall()
    if (wave % 20 === 19) {
      // The other end is closed too, and the garbage collector runs after a turn of the event loop.
      while ((await connectionsOf(server)) > 0) await new Promise((resolve) => setTimeout(resolve, 10))
      globalThis.gc()
      heaps.push(process.memoryUsage().heapUsed)
    }
  }
  await new Promise((resolve) => setTimeout(resolve, DEADLINE.detectWithin / 5)) // until the next sweep, and longer
  const wrapped = methods().some((method, index) => method !== before[index])
  await new Promise(setImmediate) // this timer itself is reported as destroyed a little later
  await new Promise(setImmediate)
  writeSync(1, JSON.stringify({ atFirst, atLast: left(), heaps, wrapped, most }))
  process.exit()
}

const connectionsOf = (server) =>
  new Promise((resolve) => server.getConnections((_, count) => resolve(count)))

void main()
