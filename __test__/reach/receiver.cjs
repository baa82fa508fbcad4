// Reaches the whole process, takes a socket from its parent, and connects one itself. Prints their local ports.
const { installKeepAlive } = require('tcp-keepalive')

installKeepAlive({ detectWithin: 5000 }, { reach: 'process', match: '127.0.0.1' })

let taken
process.on('message', (what, socket) => {
  if (what === 'take') {
    taken = socket
    process.send({ port: taken.localPort })
    return
  }
  // From a thread, which no hook sees. When it is found, the received socket has been scanned too.
  const { Worker } = require('node:worker_threads')
  const program = `
    const net = require('node:net')
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const socket = net.connect(server.address().port, '127.0.0.1', () =>
        require('node:worker_threads').parentPort.postMessage(socket.localPort))
    })`
  new Worker(program, { eval: true, execArgv: [], env: {} }).on('message', (port) => process.send({ port }))
})
process.send('ready')
