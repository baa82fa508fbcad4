// A process with a given number of sockets of many kinds, whose peers are in another process. It prints when they are ready.
const { fork } = require('node:child_process')
const { once } = require('node:events')
const { readFileSync, readlinkSync } = require('node:fs')
const net = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')

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
  { host: '127.0.0.1', set: (socket) => socket.write('close'), ends: true },
  { host: '127.0.0.1', set: (socket) => socket.write(Buffer.alloc(8_000_000)), rare: true },
]

/** Whether nothing is in flight any more: no retransmission timer runs (1), and the ten windows are closed (4). */
function isSettled() {
  const lines = ['tcp', 'tcp6'].flatMap((name) =>
    readFileSync(`/proc/self/net/${name}`, 'latin1').split('\n'),
  )
  const timers = lines.map((line) => line.trim().split(/\s+/)[5]?.slice(0, 2))
  return !timers.includes('01') && timers.filter((timer) => timer === '04').length === 10
}

async function open(count) {
  const peer = fork(__filename, ['serve'])
  const [port] = await once(peer, 'message')
  net.createServer().listen(0, '127.0.0.1')
  const ends = []
  for (let index = 0; index < count; index++) {
    const kind = KINDS[index % (index < 60 ? 6 : 5)] // ten of the last kind
    const socket = net.connect({ port, host: kind.host, allowHalfOpen: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.resume()
    kind.set(socket)
    if (kind.ends) ends.push(once(socket, 'end'))
  }
  await Promise.all(ends)
  while (!isSettled()) await sleep(20)
  const pid = Number(readlinkSync('/proc/self')) // the process ID that /proc shows, also in a namespace of its own
  process.send(pid)
  process.once('disconnect', () => {
    peer.kill()
    process.exit()
  })
}

if (process.argv[2] === 'serve') void serve()
else void open(Number(process.argv[2]))
