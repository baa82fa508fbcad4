// Inspects a given number of sockets, whose peer is another process, and prints how often the binding was called.
const { fork } = require('node:child_process')
const { once } = require('node:events')
const { readdirSync } = require('node:fs')
const net = require('node:net')

const BATCH = 250
const ROUNDS = 5

async function serve() {
  process.once('disconnect', () => process.exit())
  const server = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send(server.address().port)
}

async function inspect(count) {
  const peer = fork(__filename, ['serve'])
  const [port] = await once(peer, 'message')
  const sockets = []
  while (sockets.length < count) {
    const batch = Array.from({ length: BATCH }, () => net.connect(port, '127.0.0.1'))
    await Promise.all(batch.map((socket) => once(socket, 'connect')))
    sockets.push(...batch)
  }
  const { holdKeepAlive, inspectSockets } = require('tcp-keepalive')
  for (const [index, socket] of sockets.entries()) {
    if (index % 3 === 1) socket.setKeepAlive(true, 60_000)
    if (index % 3 === 2) holdKeepAlive(socket, { detectWithin: 30_000 })
  }
  const before = readdirSync('/proc/self/fd').toString()
  const callsOfRounds = []
  let calls = 0
  const binding = require('tcp-keepalive/native')
  const { inspectSockets: inner } = binding
  binding.inspectSockets = (rows) => {
    calls++
    return inner(rows)
  }
  for (const name of ['inspectSocket', 'getTcpInfo', 'getKeepAlive']) binding[name] = () => calls++
  let reports = []
  for (let round = 0; round < ROUNDS; round++) {
    calls = 0
    reports = inspectSockets()
    callsOfRounds.push(calls)
  }
  const after = readdirSync('/proc/self/fd').toString()
  const answers = sockets.slice(-10).map(async (socket) => {
    socket.write('still here')
    return String(await once(socket, 'data'))
  })
  const found = new Set(reports.map(({ local }) => local.port))
  const countOf = (is) => reports.filter(is).length
  process.send({
    found: sockets.filter(({ localPort }) => found.has(localPort)).length,
    off: countOf(({ warnings }) => warnings.some(({ code }) => code === 'off')),
    held: countOf(({ heldBy, warnings }) => heldBy === 'hold' && warnings.length === 0),
    callsOfRounds,
    descriptorsAreTheSame: before === after,
    answers: await Promise.all(answers),
  })
  peer.kill()
  process.disconnect()
  for (const socket of sockets) socket.destroy()
}

if (process.argv[2] === 'serve') void serve()
else void inspect(Number(process.argv[2]))
