// Under register: a thread with the hooks and one without connect to a port, and the main thread before and after.
const net = require('node:net')
const { once } = require('node:events')
const { Worker } = require('node:worker_threads')

const [, , port] = process.argv
const program = `
  const net = require('node:net')
  const { parentPort } = require('node:worker_threads')
  const socket = net.connect(${port}, '127.0.0.1', () => parentPort.postMessage('connected'))
  parentPort.on('message', () => {})`

async function main() {
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  for (const options of [{}, { execArgv: [], env: {} }]) {
    const worker = new Worker(program, { eval: true, ...options })
    await once(worker, 'message')
  }
  process.send('connected')
}
void main()
