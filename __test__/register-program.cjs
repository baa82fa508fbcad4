// Connects to a server of its own and prints the socket's values as JSON; on request in a thread or a child process. node
// register-program.cjs [worker|fork|child|grandchild]
const { execFileSync, fork } = require('node:child_process')
const net = require('node:net')
const { isMainThread, Worker } = require('node:worker_threads')
const { getKeepAlive } = require('tcp-keepalive')

const [, , where] = process.argv
if (where === 'worker' && isMainThread) {
  const thread = new Worker(__filename)
  thread.on('error', (error) => process.stderr.write(String(error)))
} else if (where === 'fork') {
  fork(__filename)
} else if (where === 'grandchild') {
  process.stdout.write(execFileSync(process.execPath, [__filename, 'child'], { encoding: 'utf8' }))
} else if (where === 'child') {
  process.stdout.write(
    execFileSync('sh', ['-c', '"$0" "$1"', process.execPath, __filename], { encoding: 'utf8' }),
  )
} else {
  const server = net
    .createServer((socket) => socket.on('error', () => {}))
    .listen(0, '127.0.0.1', () => {
      const socket = net.connect(server.address().port, 'localhost', () => {
        socket.setKeepAlive(true, 5000) // like a driver
        process.stdout.write(JSON.stringify(getKeepAlive(socket)))
        socket.destroy()
        server.close()
      })
    })
}
