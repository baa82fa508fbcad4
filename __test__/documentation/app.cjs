/** What the documentation calls app.js: it fails where nothing holds values on the connections that it makes. */
const net = require('node:net')
const { getKeepAlive } = require('tcp-keepalive')

const OWN_MS = 1000

const server = net.createServer().listen(0, '127.0.0.1', () => {
  const socket = net.connect(server.address().port, '127.0.0.1', () => {
    socket.setKeepAlive(true, OWN_MS) // as a driver does
    process.exit(getKeepAlive(socket).time === OWN_MS ? 1 : 0)
  })
})
