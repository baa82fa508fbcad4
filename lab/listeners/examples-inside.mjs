/**
 * Runs on the laboratory's client: every file in examples/ loses its connections, one file after the other. A loss here is what Node
 * does when the kernel reports one: it destroys the socket with the error.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { close, load, onConnect, openExample, persist } from '../clients/shared.mjs'

/** The other files there, with the client that each uses. */
const MORE = { 'health-pg': 'pg', 'health-ioredis': 'ioredis' }

export async function loseExamples({ names, host, ports }, { tell }) {
  const sockets = new Set()
  onConnect((socket) => sockets.add(socket))
  setInterval(() => {}, 60_000) // so that the process goes on
  let current
  process.on('uncaughtException', (error) => tell('uncaught', `${current}: ${error?.stack}`))
  process.on('unhandledRejection', () => {}) // of a client that is closed while it connects
  for (const [file, name] of [...names.map((name) => [name, name]), ...Object.entries(MORE)]) {
    const adapter = await load(name)
    current = file
    sockets.clear()
    const tls = adapter.tls === 'only'
    const port = tls ? ports.https : (ports[adapter.server] ?? ports.recording)
    const config = adapter.config({ host, port, tls }, {})
    const client = await openExample(file, adapter, config)
    const use = async () => adapter.use(client)
    if (adapter.server) await use()
    else use().catch(() => {})
    const checkedOut = await adapter.checkOut?.(client)
    while (sockets.size === 0) await sleep(10)
    const lost = loseAll(sockets)
    await sleep(50)
    checkedOut?.release(true)
    if (adapter.server) await persist(use)
    tell('lost', { file, lost })
    await close(adapter, client)
  }
  tell('all')
}

function loseAll(sockets) {
  const open = [...sockets].filter(({ destroyed }) => !destroyed)
  for (const socket of open) {
    const error = new Error('read ETIMEDOUT')
    socket.destroy(Object.assign(error, { errno: -110, code: 'ETIMEDOUT', syscall: 'read' }))
  }
  return open.length
}
