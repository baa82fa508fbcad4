// Sockets of another process beside those that are cut off. Connects to the given port, and answers each "?" with the kernel's
// values of its sockets.
const net = require('node:net')
const native = require('tcp-keepalive/native')

const sockets = []
for (let i = 0; i < 4; i++) {
  const socket = net.connect(Number(process.argv[2]), '127.0.0.1', () => {
    sockets.push(socket)
    if (sockets.length === 4) process.send('connected')
  })
}

process.on('message', () => void answer())

async function answer() {
  const values = new Int32Array(4)
  const told = []
  for (const socket of sockets) {
    native.getHopMinimum(socket._handle.fd, values)
    const echo = new Promise((resolve) => socket.once('data', (data) => resolve(String(data))))
    socket.write('echo')
    told.push([values[0], await echo])
  }
  process.send(told)
}
process.on('disconnect', () => process.exit())
