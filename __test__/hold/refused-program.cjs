// Starts a hold in the given way while the system refuses options. Prints the socket's values, and what was reported. node
// refused-program.cjs <way>
const { subscribe } = require('node:diagnostics_channel')
const net = require('node:net')
const { getKeepAlive, holdKeepAlive, installKeepAlive, setKeepAlive } = require('tcp-keepalive')

const [way] = process.argv.slice(2)
const reported = []
const applied = []
subscribe('tcp-keepalive:error', ({ error }) => reported.push(error.message))
subscribe('tcp-keepalive:apply', ({ settings }) => applied.push(settings))

const ASKED = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }
const ways = {
  register: { begin() {} },
  install: { begin: () => installKeepAlive(ASKED) },
  'hold, not connected': { begin: (socket) => holdKeepAlive(socket, ASKED) },
  'hold, connected': { connected: (socket) => holdKeepAlive(socket, ASKED) },
  'hold on a server': { server: (server) => holdKeepAlive(server, ASKED), of: 'accepted' },
  'set, not connected': { begin: (socket) => setKeepAlive(socket, ASKED) },
  'set, connected': {
    connected(socket) {
      try {
        setKeepAlive(socket, ASKED)
      } catch (error) {
        reported.push(`thrown: ${error.message}`)
      }
    },
  },
}
const { begin, connected, server: onServer, of } = ways[way]

const server = net.createServer()
server.listen(0, '127.0.0.1', () => {
  onServer?.(server)
  const accepted = new Promise((resolve) => server.once('connection', resolve))
  const socket = new net.Socket()
  begin?.(socket)
  const onConnected = async () => {
    connected?.(socket)
    const held = of === 'accepted' ? await accepted : socket
    held.setKeepAlive(true, 1000) // like a driver
    process.stdout.write(JSON.stringify({ values: getKeepAlive(held), reported, applied }))
    process.exit()
  }
  socket.connect(server.address().port, '127.0.0.1', () => void onConnected())
})
