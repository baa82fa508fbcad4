// A connection, and a scan that does not return or cannot start (stall.c). Prints the result.
const { subscribe } = require('node:diagnostics_channel')
const { once } = require('node:events')
const { existsSync, rmSync, writeFileSync } = require('node:fs')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const {
  getKeepAlive,
  inspectSocket,
  inspectSockets,
  installKeepAlive,
  setKeepAlive,
} = require('tcp-keepalive')
const native = require('tcp-keepalive/native')

const { STALL, STALL_ONE, STALL_NAME, NO_THREADS } = process.env
/** So that the regular scan does not interfere. */
const SLOW = { time: 90_000, interval: 3000, retries: 3 }

const modes = {
  /** The scan continues only after the set. */
  set(socket) {
    writeFileSync(STALL, '')
    installKeepAlive(SLOW, { reach: 'process' })
    setKeepAlive(socket, { time: 5000 })
    rmSync(STALL)
    return getKeepAlive(socket).time
  },

  async again(socket) {
    const waits = []
    const { lookForConnections } = native
    native.lookForConnections = (id, rows, wait) => {
      waits.push(wait)
      return lookForConnections(id, rows, wait)
    }
    writeFileSync(STALL, '')
    installKeepAlive(SLOW, { reach: 'process' })
    installKeepAlive({ ...SLOW, time: 80_000 }, { reach: 'process' })
    await sleep(2500)
    const whileStalled = [...waits]
    rmSync(STALL)
    while (inspectSocket(socket).heldBy !== 'reach') await sleep(20)
    await sleep(200)
    const after = waits.length
    await sleep(1000)
    return { whileStalled, later: waits.length - after }
  },

  /** The result if a call stalls in another thread, and if no thread can be started. */
  inspect() {
    const ends = () => inspectSockets().map(({ local, remote }) => [local.port, remote?.port])
    const before = ends()
    writeFileSync(STALL_ONE, '')
    const stalled = ends()
    const wasStalled = !existsSync(STALL_ONE)
    writeFileSync(NO_THREADS, '')
    return { before, stalled, wasStalled, withoutThreads: ends() }
  },

  /** The descriptor is no hint, so that all are asked. */
  search(socket, server) {
    const ends = new Int32Array(10)
    const put = (at, port) => ends.set([0, 0, 0xffff, 0x7f00_0001, port], at)
    const find = () => native.findDescriptor(ends, -1)
    put(0, socket.localPort)
    put(5, socket.remotePort)
    writeFileSync(STALL_NAME, '')
    const client = find() === socket._handle.fd
    const wasStalled = !existsSync(STALL_NAME)
    writeFileSync(NO_THREADS, '')
    const withoutThreads = find() === socket._handle.fd
    rmSync(NO_THREADS)
    put(5, 1)
    const none = find()
    put(0, server.address().port)
    ends.fill(0, 5).fill(-1, 9)
    return { client, wasStalled, listener: find() === server._handle.fd, none, withoutThreads }
  },

  async threads() {
    const messages = []
    const told = new Promise((resolve) => {
      subscribe('tcp-keepalive:error', ({ error }) => resolve(messages.push(error.message)))
    })
    installKeepAlive({ detectWithin: 5000 }, { reach: 'process' })
    writeFileSync(NO_THREADS, '')
    try {
      installKeepAlive({ detectWithin: 6000 }, { reach: 'process' })
    } catch (error) {
      messages.push(error.message)
    }
    await told
    rmSync(NO_THREADS)
    return messages
  },
}

async function main() {
  const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect(server.address().port, '127.0.0.1')
  await once(socket, 'connect')
  process.stdout.write(JSON.stringify(await modes[process.argv[2]](socket, server)))
  process.exit()
}
void main()
