// Accepts connections and sends nothing.
const net = require('node:net')

process.once('disconnect', () => process.exit())
const server = net.createServer((socket) => socket.on('error', () => {}))
server.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, () => process.send(server.address().port))
