// Reports whether it is covered: whether a new connection has the time that register sets by default.
const net = require('node:net')
const { getKeepAlive } = require('tcp-keepalive')

exports.look = (say) => {
  const server = net
    .createServer((socket) => socket.on('error', () => {}))
    .listen(0, '127.0.0.1', () => {
      const socket = net.connect(server.address().port, '127.0.0.1', () => {
        const { time } = getKeepAlive(socket)
        socket.destroy()
        server.close(() => say(time === 28_000))
      })
    })
}
