// A cluster of one worker with a held server. Prints the values of an accepted connection.
const cluster = require('node:cluster')
const net = require('node:net')
const { getKeepAlive, holdKeepAlive } = require('tcp-keepalive')

if (cluster.isPrimary) {
  const worker = cluster.fork()
  worker.on('message', ({ port, held }) => {
    if (port) {
      net.connect(port, '127.0.0.1').on('error', () => {})
      return
    }
    process.stdout.write(JSON.stringify(held), () => {
      worker.kill()
      process.exit()
    })
  })
} else {
  const server = net.createServer((socket) => process.send({ held: getKeepAlive(socket) }))
  holdKeepAlive(server, JSON.parse(process.argv[2]))
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
}
