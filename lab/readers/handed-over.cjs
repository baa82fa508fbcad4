// Writes 2 MB to a peer that reads only later, with a deadline, and ends.
// node handed-over.cjs PORT DEADLINE set|hold|install|tls|raw|none end|destroy|destroySoon|resetAndDestroy|exit|SIGTERM|SIGKILL [lifted|MS]
// worker:exit and worker:terminate: in a thread, which ends by itself, or which the main thread ends.
// none: without this package. lifted: ends after a sweep has found the window closed. MS: ends after this time.
// Prints the present user timeout and TCP_RTO_MAX_MS.
const net = require('node:net')
const tls = require('node:tls')
const { isMainThread, parentPort, Worker } = require('node:worker_threads')
const { holdKeepAlive, installKeepAlive, setKeepAlive } = require('tcp-keepalive')
const { getUserTimeout } = require('tcp-keepalive/native')

const [, , port, deadline, way, ending, when] = process.argv
const DEADLINE = { detectWithin: Number(deadline) }
const DATA = Buffer.alloc(2 * 1024 * 1024, 'x')
const ENDING = ending.replace('worker:', '')

if (ending !== ENDING && isMainThread) inWorker()
else handOver()

function inWorker() {
  const worker = new Worker(__filename, { argv: process.argv.slice(2) })
  worker.on('message', () => void worker.terminate())
  setInterval(() => {}, 2 ** 30) // the process lives on
}

function handOver() {
  if (way === 'install') installKeepAlive(DEADLINE)
  const to = { port: Number(port), host: '127.0.0.1', rejectUnauthorized: false }
  const socket = way === 'tls' ? tls.connect(to) : net.connect(to)
  socket.on('error', (error) => process.stderr.write(`${error}\n`))
  socket.once(way === 'tls' ? 'secureConnect' : 'connect', () => {
    if (way === 'set' || way === 'tls') setKeepAlive(socket, DEADLINE)
    if (way === 'raw') setKeepAlive(socket, { userTimeout: 3500 })
    if (way === 'hold') holdKeepAlive(socket, DEADLINE)
    socket.write(DATA, () => {
      // The kernel has all data, and sends as much as the window allows.
      if (when === undefined) return finish(socket)
      if (when !== 'lifted') return setTimeout(finish, Number(when), socket)
      const looking = setInterval(() => {
        if (inForce(socket)[0] !== 0) return
        clearInterval(looking)
        finish(socket)
      }, 20)
    })
  })
}

function inForce(socket) {
  const values = new Int32Array(2)
  const { fd } = socket._handle
  if (getUserTimeout(fd, values) !== 0) throw new Error(`descriptor ${fd} cannot be read`)
  return values
}

function finish(socket) {
  require('node:fs').writeSync(1, `ended ${inForce(socket).join(' ')}\n`)
  if (ENDING === 'exit') process.exit()
  else if (ENDING === 'terminate') parentPort.postMessage(ENDING)
  else if (ENDING.startsWith('SIG')) process.kill(process.pid, ENDING)
  else socket[ENDING]()
}
