// Two copies of the package in one thread, in every order: what each claims on a socket, what the kernel then holds, how
// often it was set, and that `net.Socket.prototype` comes back as it was. node copies.cjs FOLDER_OF_THE_OTHER
'use strict'
const assert = require('node:assert')
const { subscribe } = require('node:diagnostics_channel')
const { once } = require('node:events')
const net = require('node:net')
const first = require('tcp-keepalive')
const { HELD: ONE, OTHER: TWO, on: held, open, prove } = require('./shared.cjs')
const other = require(process.argv[2])

const NAMES = ['setKeepAlive', 'connect', '_destroy']
const methods = () => NAMES.map((name) => Object.getOwnPropertyDescriptor(net.Socket.prototype, name))
const pristine = methods()
const { getKeepAlive } = first

let applied = 0
subscribe('tcp-keepalive:apply', () => (applied += 1))

/** What is checked with one copy as `a`, and then with the other. */
const claims = {
  async 'of two installs the newer one wins, and puts its values in once'(a, b, connect) {
    const older = a.installKeepAlive(ONE)
    const newer = b.installKeepAlive(TWO)
    applied = 0
    const socket = await connect()
    assert.deepStrictEqual(getKeepAlive(socket), held(TWO))
    socket.setKeepAlive(true, 5000).setKeepAlive(false)
    assert.deepStrictEqual(getKeepAlive(socket), held(TWO))
    assert.strictEqual(applied, 1)
    for (const { inspectSocket } of [a, b]) assert.strictEqual(inspectSocket(socket).heldBy, 'install')
    older.uninstall()
    socket.setKeepAlive(true, 5000)
    assert.deepStrictEqual(getKeepAlive(socket), held(TWO))
    newer.uninstall()
    socket.setKeepAlive(true, 6000)
    assert.strictEqual(getKeepAlive(socket).time, 6000)
  },

  async 'it is the same uninstalled the other way round'(a, b, connect) {
    const older = a.installKeepAlive(ONE)
    const newer = b.installKeepAlive(TWO)
    newer.uninstall()
    assert.deepStrictEqual(getKeepAlive(await connect()), held(ONE))
    older.uninstall()
  },

  async 'a hold of either comes before an install of the other'(a, b, connect) {
    const hold = b.holdKeepAlive(new net.Socket(), TWO)
    const installed = a.installKeepAlive(ONE)
    const socket = await connect()
    const own = b.holdKeepAlive(socket, TWO)
    socket.setKeepAlive(true, 5000)
    assert.deepStrictEqual(getKeepAlive(socket), held(TWO))
    own.release()
    assert.deepStrictEqual(getKeepAlive(socket), held(ONE))
    hold.release()
    installed.uninstall()
  },

  async 'what is not held by one is not put in by the other again'(a, b, connect) {
    const older = a.installKeepAlive({ time: 16_000 })
    const newer = b.installKeepAlive({ time: 40_000 })
    applied = 0
    const socket = await connect()
    socket.setKeepAlive(true, 5000)
    const { time, interval, retries } = getKeepAlive(socket)
    assert.deepStrictEqual([time, interval, retries, applied], [40_000, 1000, 10, 2])
    newer.uninstall()
    older.uninstall()
  },

  async 'a call of either changes what is held, and false ends it'(a, b, connect) {
    const socket = await connect()
    const hold = a.holdKeepAlive(socket, ONE)
    b.setKeepAlive(socket, { retries: 9 })
    socket.setKeepAlive(true, 5000)
    assert.deepStrictEqual(getKeepAlive(socket), held({ ...ONE, retries: 9 }))
    b.setKeepAlive(socket, false)
    assert.strictEqual(getKeepAlive(socket).enabled, false)
    assert.deepStrictEqual(methods(), pristine)
    socket.setKeepAlive(true, 5000)
    assert.strictEqual(getKeepAlive(socket).time, 5000)
    hold.release()
  },

  async 'before connect the last word counts, whoever had it'(a, b, connect) {
    const socket = new net.Socket()
    b.setKeepAlive(socket, TWO)
    const hold = a.holdKeepAlive(socket, ONE)
    await connect(socket)
    assert.deepStrictEqual(getKeepAlive(socket), held(ONE))
    assert.strictEqual(socket.listenerCount('connect'), 0)
    hold.release()
  },

  async 'a server held by both'(a, b) {
    const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const holds = [a.holdKeepAlive(server, ONE), b.holdKeepAlive(server, TWO)]
    applied = 0
    const client = net.connect(server.address().port, '127.0.0.1')
    const [accepted] = await once(server, 'connection')
    assert.deepStrictEqual(getKeepAlive(accepted), held(TWO))
    assert.strictEqual(applied, 1)
    for (const hold of holds) hold.release()
    assert.strictEqual(server.listenerCount('connection'), 1)
    client.destroy()
    accepted.destroy()
    server.close()
  },

  async 'each throws errors of its own, and then nothing is held'(a, b) {
    const installed = a.installKeepAlive(ONE)
    const destroyed = new net.Socket().destroy()
    for (const each of [a, b]) {
      assert.throws(() => each.holdKeepAlive(destroyed, TWO), each.TcpKeepAliveError)
      assert.throws(() => each.installKeepAlive({ idle: 1 }), each.TcpKeepAliveError)
    }
    installed.uninstall()
  },

  async 'one that ends leaves the work to the next'(a, b, connect) {
    a.installKeepAlive(ONE).uninstall()
    const installed = b.installKeepAlive(TWO)
    a.installKeepAlive(ONE, { match: 1 }).uninstall()
    assert.deepStrictEqual(getKeepAlive(await connect()), held(TWO))
    installed.uninstall()
  },
}

async function main() {
  assert.notStrictEqual(first.installKeepAlive, other.installKeepAlive)
  const { connect, close } = await open()
  const ways = { 'this copy first': [first, other], 'the other first': [other, first] }
  const count = await prove(claims, ways, async (proof, [a, b]) => {
    await proof(a, b, connect)
    assert.deepStrictEqual(methods(), pristine)
  })
  close()
  console.log(JSON.stringify({ claims: count }))
}

void main()
