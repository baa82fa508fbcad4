// A process with so many sockets of many kinds, whose peers are in another; it says when they are there.
const { fork } = require('node:child_process')
const { once } = require('node:events')
const { readlinkSync } = require('node:fs')
const net = require('node:net')

async function serve() {
  process.once('disconnect', () => process.exit())
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.once('data', (data) => {
      if (String(data).startsWith('close')) socket.end()
      else socket.pause() // the window closes
    })
  })
  server.listen(0, '::')
  await once(server, 'listening')
  process.send(server.address().port)
}

const KINDS = [
  { host: '127.0.0.1', set() {} },
  { host: '127.0.0.1', set: (socket) => socket.setKeepAlive(true, 60_000) },
  { host: '::1', set() {} },
  { host: '::1', set: (socket) => socket.setKeepAlive(true, 7_200_000) },
  { host: '127.0.0.1', set: (socket) => socket.write('close') },
  { host: '127.0.0.1', set: (socket) => socket.write(Buffer.alloc(8_000_000)), rare: true },
]

async function open(count) {
  const peer = fork(__filename, ['serve'])
  const [port] = await once(peer, 'message')
  net.createServer().listen(0, '127.0.0.1')
  for (let index = 0; index < count; index++) {
    const kind = KINDS[index % (index < 60 ? 6 : 5)] // ten of the last kind
    const socket = net.connect({ port, host: kind.host, allowHalfOpen: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.resume()
    kind.set(socket)
  }
  const pid = Number(readlinkSync('/proc/self')) // as /proc numbers it, also in a namespace of its own
  setTimeout(() => process.send(pid), 1000)
  process.once('disconnect', () => {
    peer.kill()
    process.exit()
  })
}

if (process.argv[2] === 'serve') serve()
else open(Number(process.argv[2]))
