// Connects by name to a server of its own, and is cut off. It prints nothing itself. node --import tcp-keepalive/register
// log-program.cjs waiting | writing | connecting PORT
const net = require('node:net')
const { cutOff } = require('tcp-keepalive/drill')

const [, , doing, port] = process.argv
const quiet = (socket) => socket.on('error', () => {})
if (doing === 'connecting') {
  quiet(net.connect({ port: Number(port), host: 'localhost', family: 4 }))
} else {
  const server = net.createServer(quiet).listen(0, '127.0.0.1', () => {
    const socket = quiet(net.connect({ port: server.address().port, host: 'localhost', family: 4 }))
    socket.on('close', () => process.exit())
    socket.on('connect', () => {
      cutOff(socket)
      if (doing === 'writing') socket.write('is anybody there?')
    })
  })
}
