/**
 * What runs on the laboratory's client: every file in examples/ with its connections lost, one after the other. A loss is what Node
 * makes of the kernel's: it destroys the socket with the error.
 */
import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { close, openExample, persist } from '../clients/shared.mjs'

/** Files beside those of the clients, and the client that each is for. */
const MORE = { 'health-pg': 'pg', 'health-ioredis': 'ioredis' }

export async function loseExamples({ names, host, ports }, { tell }) {
  const sockets = collectSockets()
  setInterval(() => {}, 60_000) // what is left after a loss has no reason to go on
  let current
  process.on('uncaughtException', (error) => tell('uncaught', `${current}: ${error?.stack}`))
  process.on('unhandledRejection', () => {}) // of a client that is taken down while it connects
  for (const [file, name] of [...names.map((name) => [name, name]), ...Object.entries(MORE)]) {
    const { default: adapter } = await import(`../clients/programs/${name}.mjs`)
    current = file
    sockets.clear()
    const tls = adapter.tls === 'only'
    const port = tls ? ports.https : (ports[adapter.server] ?? ports.recording)
    const config = adapter.config({ host, port, tls }, {})
    const client = await openExample(file, adapter, config)
    const use = async () => adapter.use(client)
    if (adapter.server) await use()
    else use().catch(() => {})
    const held = await adapter.checkOut?.(client)
    while (sockets.size === 0) await sleep(10)
    const lost = loseAll(sockets)
    await sleep(50)
    held?.release(true)
    if (adapter.server) await persist(use)
    tell('lost', { file, lost })
    await close(adapter, client)
  }
  tell('all')
}

/** Those that have connected since it was emptied. */
function collectSockets() {
  const sockets = new Set()
  const { connect } = Socket.prototype
  Socket.prototype.connect = function (...args) {
    this.prependOnceListener('connect', () => sockets.add(this))
    return Reflect.apply(connect, this, args)
  }
  return sockets
}

function loseAll(sockets) {
  const open = [...sockets].filter(({ destroyed }) => !destroyed)
  for (const socket of open) {
    const error = new Error('read ETIMEDOUT')
    socket.destroy(Object.assign(error, { errno: -110, code: 'ETIMEDOUT', syscall: 'read' }))
  }
  return open.length
}
