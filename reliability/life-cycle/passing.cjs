// Passes connections and a server to a child process. The values go along, because the kernel has them. The hold does not,
// because it belongs to this process. Prints the number of connections. node passing.cjs SOCKETS
'use strict'
const assert = require('node:assert')
const { fork } = require('node:child_process')
const { subscribe } = require('node:diagnostics_channel')
const { once } = require('node:events')
const net = require('node:net')
const { getKeepAlive, holdKeepAlive, inspectSocket, installKeepAlive } = require('tcp-keepalive')
const { HELD, on, open, OTHER } = require('./shared.cjs')

const held = on(HELD)

/** How often a hold or an install has set its values in this process. */
let applied = 0
subscribe('tcp-keepalive:apply', () => (applied += 1))

async function parent(count) {
  const child = fork(__filename, ['child'])
  const { server, accepted, port, connect, close } = await open()
  const serverHold = holdKeepAlive(server, HELD)
  for (let number = 0; number < count; number += 1) {
    const client = await connect()
    const socket = accepted.at(-1)
    const hold = holdKeepAlive(socket, HELD)
    const answer = once(child, 'message')
    child.send('socket', socket)
    const [report] = await answer
    assert.deepStrictEqual(report.before, held)
    assert.strictEqual(report.heldBy, undefined)
    assert.strictEqual(report.afterDriver.time, 5000)
    assert.deepStrictEqual(report.reheld, on(OTHER))
    // Node has removed the handle from it, so the object is a socket that is not connected.
    assert.throws(() => getKeepAlive(socket), { code: 'ERR_TCP_KEEPALIVE_NOT_CONNECTED' })
    hold.release()
    // The other end of the connection is in this process, and is unchanged.
    assert.strictEqual(getKeepAlive(client).enabled, false)
    client.destroy()
  }
  assert.strictEqual(applied, 2 * count) // by the server's hold, and by the socket's own
  await passServer(child, server, port)
  serverHold.release()
  close()
  child.disconnect()
  const [code] = await once(child, 'exit')
  assert.strictEqual(code, 0)
  console.log(count)
}

/** Connections that the child accepts inherit the listener's values. */
async function passServer(child, server, port) {
  const ready = once(child, 'message')
  child.send('server', server)
  await ready
  const answer = once(child, 'message')
  // The parent also accepts from the listener, so it connects until the child has accepted a connection.
  const sockets = []
  const asking = setInterval(() => sockets.push(net.connect(port, '127.0.0.1').on('error', () => {})), 20)
  const [{ inherited }] = await answer
  clearInterval(asking)
  for (const socket of sockets) socket.destroy()
  assert.deepStrictEqual(inherited, held)
}

function child() {
  const taken = []
  process.on('disconnect', () => {
    for (const socket of taken) socket.destroy()
  })
  installKeepAlive(OTHER) // covers outgoing connections, so none that is passed to it
  process.on('message', (what, handle) => {
    if (what === 'server') {
      let isTold = false
      handle.on('connection', (socket) => {
        if (!isTold) process.send({ inherited: getKeepAlive(socket) })
        isTold = true
        socket.destroy()
      })
      process.send('ready')
      process.on('disconnect', () => handle.close())
      return
    }
    const before = getKeepAlive(handle)
    const { heldBy } = inspectSocket(handle)
    assert.strictEqual(applied, 0)
    handle.setKeepAlive(true, 5000)
    const afterDriver = getKeepAlive(handle)
    const hold = holdKeepAlive(handle, OTHER)
    handle.setKeepAlive(true, 6000)
    const reheld = getKeepAlive(handle)
    hold.release()
    assert.strictEqual(applied, 1)
    applied = 0
    taken.push(handle)
    process.send({ before, heldBy, afterDriver, reheld })
  })
}

if (process.argv[2] === 'child') child()
else void parent(Number(process.argv[2]))
