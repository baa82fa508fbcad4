// Runs every event and every wrapped call while `require` throws, as in a test runner after the end of a test file. node
// nothing-loaded-program.cjs; prints what was reported and published, or where something was loaded.
const assert = require('node:assert')
const { subscribe } = require('node:diagnostics_channel')
const { once } = require('node:events')
const { lookup } = require('node:dns/promises')
const fs = require('node:fs')
const Module = require('node:module')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const tls = require('node:tls')
const { holdKeepAlive, installKeepAlive, setKeepAlive } = require('tcp-keepalive')

const GIVEN = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }
const ASKED = process.env.DEADLINE ? { detectWithin: Number(process.env.DEADLINE) } : GIVEN
const [begin = 'install'] = process.argv.slice(2)
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tcp-keepalive-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true }))
const pipe = path.join(folder, 'pipe')
const secrets = JSON.parse(process.env.CERTIFICATE)
const done = []
const reported = []
for (const name of ['apply', 'lost']) subscribe(`tcp-keepalive:${name}`, () => done.push(name))
subscribe('tcp-keepalive:error', ({ error }) => reported.push(error.code ?? error.message))
process.on('warning', ({ code }) => done.push(code))

/** The first step in this program; nothing may be loaded after it. */
const waiting = new net.Socket()
const server = net.createServer((socket) => socket.on('error', () => {}).resume())
const release = {
  install: () => installKeepAlive(ASKED, { match: () => true }),
  hold: () => holdKeepAlive(waiting, ASKED),
  'hold on a server': () => holdKeepAlive(server, ASKED),
  // Its match contains a name, so lookups are observed.
  accepted: () => installKeepAlive(ASKED, { match: 'localhost:1', accepted: true }),
  'waiting set': () => setKeepAlive(waiting, ASKED),
}[begin]()

Module._load = (request) => {
  done.push(`loaded ${request}`)
  throw new Error(`You are trying to require ${request} after the environment has been torn down`)
}

async function connect(socket, ...to) {
  socket.on('error', () => {}).connect(...to)
  await once(socket, 'connect')
  return socket
}

async function main() {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await connect(waiting, port, '127.0.0.1')
  waiting.setKeepAlive(true, 5000)
  waiting.setKeepAlive(false)
  if (begin === 'accepted') await lookup('localhost')
  if (begin === 'install') await rest(port)
  release?.release?.()
  release?.uninstall?.()
  process.stdout.write(JSON.stringify({ done, reported }))
  process.exit()
}

/** Steps that need more than one kind of call. */
async function rest(port) {
  // TLS over a socket, and calls on it.
  const secure = tls.createServer(secrets).listen(0, '127.0.0.1')
  await once(secure, 'listening')
  const raw = await connect(new net.Socket(), secure.address().port, '127.0.0.1')
  const overRaw = tls.connect({ socket: raw, rejectUnauthorized: false }).on('error', () => {})
  await once(overRaw, 'secureConnect')
  overRaw.setKeepAlive(true, 7000)
  overRaw.destroy()

  // A socket with values set before it connects, and one whose attempt fails.
  const later = new net.Socket()
  setKeepAlive(later, ASKED)
  await connect(later, port, '127.0.0.1')
  const refused = new net.Socket().on('error', () => {})
  setKeepAlive(refused, ASKED)
  refused.connect(1, '127.0.0.1')
  await new Promise((resolve) => refused.on('close', resolve))

  // Failures: a match function that throws, a hold on a socket that becomes a pipe, a value that the system refuses.
  const bad = installKeepAlive(ASKED, {
    match() {
      throw new Error('match failed')
    },
  })
  await connect(new net.Socket(), port, '127.0.0.1')
  bad.uninstall()
  const onPipe = net.createServer().listen(pipe)
  await once(onPipe, 'listening')
  const toPipe = new net.Socket()
  holdKeepAlive(toPipe, ASKED)
  await connect(toPipe, pipe)
  const waitsForPipe = new net.Socket()
  setKeepAlive(waitsForPipe, ASKED)
  await connect(waitsForPipe, pipe)
  const held = holdKeepAlive(server, ASKED)
  const accepted = once(server, 'connection')
  const peer = await connect(new net.Socket(), port, '127.0.0.1')
  const [end] = await accepted

  // The end of a connection by an error.
  const closed = new Promise((resolve) => peer.on('close', resolve))
  end.resetAndDestroy()
  await closed
  held.release()
  assert.ok(peer.destroyed)
}

void main()
