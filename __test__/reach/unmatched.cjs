// An install that matches a connection which no hook sees, opened before it or by a thread after it, or no connection; and none
// that a hook sees. Prints what was published, also at the end of the program.
const { subscribe } = require('node:diagnostics_channel')
const { once } = require('node:events')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const { Worker } = require('node:worker_threads')
const { installKeepAlive } = require('tcp-keepalive')

const mode = process.argv[2]
const said = new Set()
subscribe('tcp-keepalive:apply', ({ by }) => by === 'reach' && said.add('adopted'))
subscribe('tcp-keepalive:unmatched', () => said.add('unmatched'))

async function listen() {
  // A listener with its own port: accepted sockets do not match.
  const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

async function connectByThread(port) {
  const program = `
    const { parentPort } = require('node:worker_threads')
    const socket = require('node:net').connect(${port}, '127.0.0.1', () => parentPort.postMessage(''))
    parentPort.on('message', () => {})`
  await once(new Worker(program, { eval: true, execArgv: [], env: {} }), 'message')
}

/** In a thread with the same install, so that the other thread scans for both. It only sees connections that do not match. */
async function installInThread(meant, other) {
  const program = `
    const { subscribe } = require('node:diagnostics_channel')
    const { writeSync } = require('node:fs')
    const { parentPort } = require('node:worker_threads')
    const { installKeepAlive } = require('tcp-keepalive')
    subscribe('tcp-keepalive:unmatched', () => writeSync(1, 'unmatched in the thread '))
    installKeepAlive({ detectWithin: 5000 }, { reach: 'process', match: ${meant} })
    require('node:net').connect(${other}, '127.0.0.1', () => parentPort.postMessage(''))
    parentPort.once('message', () => process.exit())`
  const thread = new Worker(program, { eval: true, execArgv: [], env: {} })
  await once(thread, 'message')
  return async () => {
    const exited = once(thread, 'exit')
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage('')
    await exited
  }
}

async function main() {
  const [meant, other] = [await listen(), await listen()]
  if (mode === 'before') await once(net.connect(meant, '127.0.0.1'), 'connect')
  installKeepAlive({ detectWithin: 5000 }, { reach: 'process', match: meant })
  await once(net.connect(other, '127.0.0.1'), 'connect')
  const endThread = mode === 'thread' ? await installInThread(meant, other) : undefined
  if (mode === 'after' || mode === 'thread') await connectByThread(meant)
  if (mode !== 'other') while (said.size === 0) await sleep(20)
  await endThread?.()
  // After the listener that reports connections without a match.
  process.on('exit', () => process.stdout.write([...said].join(' ')))
  process.exit()
}
void main()
