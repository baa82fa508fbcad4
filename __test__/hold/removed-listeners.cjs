// Changes the listeners of a socket right after connect(). Prints the values that it then has, once it is connected.
// node removed-listeners.cjs install|hold|set ADDRESS|NAME CHANGE
const net = require('node:net')
const { getKeepAlive, holdKeepAlive, installKeepAlive, setKeepAlive } = require('tcp-keepalive')

const VALUES = { time: 11_000, interval: 3000, retries: 5, userTimeout: 25_000 }
const [how, host, change] = process.argv.slice(2)
const protect = { hold: holdKeepAlive, set: setKeepAlive }

const changes = {
  connect: (socket) => socket.removeAllListeners('connect'),
  all: (socket) => socket.removeAllListeners(),
  throws: (socket) =>
    socket.prependListener('connect', () => {
      throw new Error('on purpose')
    }),
}

process.on('uncaughtException', ({ message }) => {
  if (message === 'on purpose') return
  process.stdout.write(message)
  process.exit()
})
if (how === 'install') installKeepAlive(VALUES)
const server = net.createServer().listen(0, '127.0.0.1', () => {
  const socket = net.connect({ host, port: server.address().port, family: 4 })
  protect[how]?.(socket, VALUES)
  changes[change](socket)
  setTimeout(print, 20, socket)
})

function print(socket) {
  if (socket.pending) return setTimeout(print, 20, socket)
  const { enabled, time, interval, retries, userTimeout } = getKeepAlive(socket)
  process.stdout.write([enabled, time, interval, retries, userTimeout].join(' '))
  process.exit()
}
