// A cluster whose workers hold a server, and install values for their own connections. Each accepted and each outgoing
// connection has its values, a worker that is killed is replaced, and the primary's methods are not wrapped.
// node cluster.cjs WORKERS CONNECTIONS SCHEDULING
'use strict'
const assert = require('node:assert')
const cluster = require('node:cluster')
const { once } = require('node:events')
const net = require('node:net')
const { getKeepAlive, holdKeepAlive, installKeepAlive, setKeepAlive } = require('tcp-keepalive')
const { HELD, on, OTHER: OUTGOING } = require('./shared.cjs')

const [, , workers, connections, scheduling] = process.argv

async function primary() {
  cluster.schedulingPolicy = scheduling === 'none' ? cluster.SCHED_NONE : cluster.SCHED_RR
  const wrapped = net.Socket.prototype.setKeepAlive
  const reports = []
  cluster.on('message', (_worker, report) => reports.push(report))
  const all = await Promise.all(Array.from({ length: Number(workers) }, start))
  await converse(all[0].port)
  const victim = all.pop()
  victim.worker.process.kill('SIGKILL')
  await once(victim.worker, 'exit')
  all.push(await start())
  await converse(all[0].port)

  assert.strictEqual(reports.length, 2 * connections)
  for (const { accepted, outgoing } of reports) {
    assert.deepStrictEqual(accepted, on(HELD))
    assert.deepStrictEqual(outgoing, on(OUTGOING))
  }
  assert.strictEqual(net.Socket.prototype.setKeepAlive, wrapped)
  for (const { worker } of all) worker.disconnect()
  await Promise.all(all.map(({ worker }) => once(worker, 'exit')))
  for (const { worker } of all) assert.strictEqual(worker.process.exitCode, 0)
  console.log(reports.length)
}

async function start() {
  const worker = cluster.fork()
  const [{ port }] = await once(worker, 'listening')
  return { worker, port }
}

/** Opens connections one after the other; each worker ends them. */
async function converse(port) {
  for (let count = 0; count < connections; count += 1) {
    const socket = net.connect(port, '127.0.0.1').resume()
    await once(socket, 'close')
  }
}

/** Reports the values of each connection after a driver's calls, and those of a connection that it makes itself. */
function inWorker() {
  installKeepAlive(OUTGOING)
  const peer = net.createServer((socket) => socket.on('error', () => {}).resume())
  peer.listen({ port: 0, host: '127.0.0.1', exclusive: true }).unref() // not shared with other workers
  const server = net.createServer((socket) => {
    socket.setKeepAlive(true, 5000).setKeepAlive(false)
    const accepted = getKeepAlive(socket)
    const other = net.connect(peer.address().port, '127.0.0.1', () => {
      other.setKeepAlive(true, 5000)
      process.send({ accepted, outgoing: getKeepAlive(other) }, () => socket.end())
      other.destroy()
    })
  })
  holdKeepAlive(server, HELD)
  server.listen(0, '127.0.0.1', () => {
    // If the primary has the listener, the worker has no descriptor to set.
    if (scheduling === 'none') setKeepAlive(server, HELD)
    else assert.throws(() => setKeepAlive(server, HELD), { code: 'ERR_TCP_KEEPALIVE_NO_DESCRIPTOR' })
  })
}

if (cluster.isPrimary) void primary()
else inWorker()
