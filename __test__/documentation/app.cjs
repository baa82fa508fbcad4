/** The documentation's app.js. It fails if nothing holds values on its connections. */
const net = require('node:net')
const { getKeepAlive } = require('tcp-keepalive')

const OWN_MS = 1000

const server = net.createServer().listen(0, '127.0.0.1', () => {
  const socket = net.connect(server.address().port, '127.0.0.1', () => {
    socket.setKeepAlive(true, OWN_MS) // like a driver
    process.exit(getKeepAlive(socket).time === OWN_MS ? 1 : 0)
  })
})
