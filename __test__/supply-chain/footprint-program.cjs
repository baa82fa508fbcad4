/** The program that footprint.slow.ts traces: a connection with every possible call, or nothing. */
const { once } = require('node:events')
const { connect, createServer } = require('node:net')

async function main() {
  const server = createServer((peer) => peer.resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const uses = process.argv[2] === 'everything' ? require('tcp-keepalive') : undefined
  const install = uses?.installKeepAlive({ detectWithin: 30_000 })
  const socket = connect(server.address().port, '127.0.0.1')
  await once(socket, 'connect')
  uses?.setKeepAlive(socket, { detectWithin: 30_000 })
  uses?.getKeepAlive(socket)
  uses?.getTcpInfo(socket)
  uses?.inspectSocket(socket)
  uses?.inspectSockets()
  uses?.systemKeepAlive()
  uses?.planKeepAlive({ detectWithin: 30_000 })
  uses?.holdKeepAlive(socket, { detectWithin: 30_000 }).release()
  install?.uninstall()
  socket.destroy()
  server.close()
}

void main()
