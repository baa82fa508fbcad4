// With a default time of the system that is larger than what can be set (Linux: 32,767 s). Prints the values after a probe, and those
// of a listener during and after a hold, and what was reported.
const { subscribe } = require('node:diagnostics_channel')
const { once } = require('node:events')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const { getKeepAlive, holdKeepAlive, probePeer } = require('tcp-keepalive')

async function main() {
  const reported = []
  subscribe('tcp-keepalive:error', ({ error }) => reported.push(error.message))
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect(server.address().port, '127.0.0.1')
  await once(socket, 'connect')
  const before = getKeepAlive(socket)
  await sleep(1200)
  const isThere = await probePeer(socket, { within: 20_000 })
  const probed = getKeepAlive(socket)
  const hold = holdKeepAlive(server, { time: 11_000 })
  const held = getKeepAlive(server)
  hold.release()
  const released = getKeepAlive(server)
  process.stdout.write(JSON.stringify({ before, isThere, probed, held: held.time, released, reported }))
  process.exit()
}
void main()
