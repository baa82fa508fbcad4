// Two copies of the package in one thread, in both orders: the values that a socket then has, how often it was set, and that
// `net.Socket.prototype` is restored. Prints the number of checks. node copies.cjs FOLDER_OF_THE_OTHER
'use strict'
const assert = require('node:assert')
const { subscribe } = require('node:diagnostics_channel')
const net = require('node:net')
const first = require('tcp-keepalive')
const { HELD: ONE, OTHER: TWO, on, open, checkAll } = require('./shared.cjs')
const other = require(process.argv[2])

const NAMES = ['setKeepAlive', 'connect', '_destroy']
const methods = () => NAMES.map((name) => Object.getOwnPropertyDescriptor(net.Socket.prototype, name))
const pristine = methods()
const { getKeepAlive } = first

let applied = 0
subscribe('tcp-keepalive:apply', () => (applied += 1))

/** `a` is one copy and then the other. */
const checks = {
  async 'the newer of two installs wins, and sets its values once'(a, b, connect) {
    const older = a.installKeepAlive(ONE)
    const newer = b.installKeepAlive(TWO)
    applied = 0
    const socket = await connect()
    assert.deepStrictEqual(getKeepAlive(socket), on(TWO))
    socket.setKeepAlive(true, 5000).setKeepAlive(false)
    assert.deepStrictEqual(getKeepAlive(socket), on(TWO))
    assert.strictEqual(applied, 1)
    for (const { inspectSocket } of [a, b]) assert.strictEqual(inspectSocket(socket).heldBy, 'install')
    older.uninstall()
    socket.setKeepAlive(true, 5000)
    assert.deepStrictEqual(getKeepAlive(socket), on(TWO))
    newer.uninstall()
    socket.setKeepAlive(true, 6000)
    assert.strictEqual(getKeepAlive(socket).time, 6000)
  },

  async 'the older install applies again if the newer one is uninstalled first'(a, b, connect) {
    const older = a.installKeepAlive(ONE)
    const newer = b.installKeepAlive(TWO)
    newer.uninstall()
    assert.deepStrictEqual(getKeepAlive(await connect()), on(ONE))
    older.uninstall()
  },

  async 'a hold of one copy overrides an install of the other'(a, b, connect) {
    const hold = b.holdKeepAlive(new net.Socket(), TWO)
    const installed = a.installKeepAlive(ONE)
    const socket = await connect()
    const own = b.holdKeepAlive(socket, TWO)
    socket.setKeepAlive(true, 5000)
    assert.deepStrictEqual(getKeepAlive(socket), on(TWO))
    own.release()
    assert.deepStrictEqual(getKeepAlive(socket), on(ONE))
    hold.release()
    installed.uninstall()
  },

  async 'values that one copy does not hold are not set again by the other'(a, b, connect) {
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

  async 'a call of one copy changes the held values of the other, and false ends the hold'(a, b, connect) {
    const socket = await connect()
    const hold = a.holdKeepAlive(socket, ONE)
    b.setKeepAlive(socket, { retries: 9 })
    socket.setKeepAlive(true, 5000)
    assert.deepStrictEqual(getKeepAlive(socket), on({ ...ONE, retries: 9 }))
    b.setKeepAlive(socket, false)
    assert.strictEqual(getKeepAlive(socket).enabled, false)
    assert.deepStrictEqual(methods(), pristine)
    socket.setKeepAlive(true, 5000)
    assert.strictEqual(getKeepAlive(socket).time, 5000)
    hold.release()
  },

  async 'before connect the last call wins, in either copy'(a, b, connect) {
    const socket = new net.Socket()
    b.setKeepAlive(socket, TWO)
    const hold = a.holdKeepAlive(socket, ONE)
    await connect(socket)
    assert.deepStrictEqual(getKeepAlive(socket), on(ONE))
    assert.strictEqual(socket.listenerCount('connect'), 0)
    hold.release()
  },

  async 'both copies hold a server'(a, b) {
    const { server, accepted, connect, close } = await open()
    const holds = [a.holdKeepAlive(server, ONE), b.holdKeepAlive(server, TWO)]
    applied = 0
    await connect()
    assert.deepStrictEqual(getKeepAlive(accepted[0]), on(TWO))
    assert.strictEqual(applied, 1)
    for (const hold of holds) hold.release()
    assert.strictEqual(server.listenerCount('connection'), 1)
    close()
  },

  async 'each copy throws its own errors, and then nothing is held'(a, b) {
    const installed = a.installKeepAlive(ONE)
    const destroyed = new net.Socket().destroy()
    for (const each of [a, b]) {
      assert.throws(() => each.holdKeepAlive(destroyed, TWO), each.TcpKeepAliveError)
      assert.throws(() => each.installKeepAlive({ idle: 1 }), each.TcpKeepAliveError)
    }
    installed.uninstall()
  },

  async 'when one copy has nothing to hold, the other coordinates'(a, b, connect) {
    a.installKeepAlive(ONE).uninstall()
    const installed = b.installKeepAlive(TWO)
    a.installKeepAlive(ONE, { match: 1 }).uninstall()
    assert.deepStrictEqual(getKeepAlive(await connect()), on(TWO))
    installed.uninstall()
  },
}

async function main() {
  assert.notStrictEqual(first.installKeepAlive, other.installKeepAlive)
  const { connect, close } = await open()
  const ways = { 'this copy first': [first, other], 'the other first': [other, first] }
  const count = await checkAll(checks, ways, async (check, [a, b]) => {
    await check(a, b, connect)
    assert.deepStrictEqual(methods(), pristine)
  })
  close()
  console.log(count)
}

void main()
