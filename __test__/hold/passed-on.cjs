// A held server that passes each connection to a child process (`child.send()`). Prints how many of 200 remain in memory.
// node --expose-gc passed-on.cjs
const { fork } = require('node:child_process')
const { once } = require('node:events')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const { holdKeepAlive } = require('tcp-keepalive')

const CONNECTIONS = 200

function child() {
  process.on('message', (_message, socket) => socket.end('.'))
}

async function main() {
  const worker = fork(__filename, ['child'], { execArgv: [] })
  let gone = 0
  const registry = new FinalizationRegistry(() => gone++)
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    registry.register(socket)
    worker.send('connection', socket)
  })
  holdKeepAlive(server, { time: 16_000 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (let i = 0; i < CONNECTIONS; i++) {
    await once(net.connect(server.address().port, '127.0.0.1').resume(), 'close')
  }
  for (let tries = 0; tries < 500; tries++) {
    gc()
    await sleep(20)
    if (gone >= CONNECTIONS / 2) break
  }
  process.stdout.write(String(CONNECTIONS - gone))
  worker.kill()
  process.exit()
}
if (process.argv[2] === 'child') child()
else void main()
