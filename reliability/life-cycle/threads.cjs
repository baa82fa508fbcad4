// Starts threads that load and use the package and end in one of four ways, some at a time, beside a connection that the main
// thread holds. Prints what remains. node threads.cjs COUNT AT_ONCE [without]
'use strict'
const assert = require('node:assert')
const { once } = require('node:events')
const { readdirSync, readFileSync } = require('node:fs')
const net = require('node:net')
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads')
const { HELD, on, open, OTHER } = require('./shared.cjs')

const WAYS = ['returns', 'exits', 'throws', 'is terminated']

async function inThread({ port, way, withPackage }) {
  const keepalive = withPackage ? require('tcp-keepalive') : undefined
  keepalive?.installKeepAlive(OTHER, { match: port }) // never uninstalled
  const socket = net.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  if (keepalive) {
    assert.deepStrictEqual(keepalive.getKeepAlive(socket), on(OTHER))
    const hold = keepalive.holdKeepAlive(socket, HELD)
    socket.setKeepAlive(true, 5000)
    assert.deepStrictEqual(keepalive.getKeepAlive(socket), on(HELD))
    if (way === 'returns') hold.release()
    assert.throws(() => keepalive.setKeepAlive(-1, HELD))
    assert.ok(keepalive.inspectSockets().length > 0)
  }
  parentPort.postMessage('used')
  if (way === 'returns') socket.destroy()
  else if (way === 'exits') process.exit(0)
  else if (way === 'throws') throw new Error('on purpose')
}

async function oneThread(number, port, withPackage) {
  const way = WAYS[number % WAYS.length]
  const worker = new Worker(__filename, { workerData: { port, way, withPackage } })
  let error
  worker.on('error', (thrown) => (error = thrown))
  const ended = new Promise((resolve) => worker.on('exit', resolve))
  const used = await Promise.race([new Promise((resolve) => worker.on('message', resolve)), ended])
  if (used !== 'used') throw error
  if (way === 'is terminated') await worker.terminate()
  const code = await ended
  assert.strictEqual(error?.message, way === 'throws' ? 'on purpose' : undefined)
  assert.strictEqual(code, way === 'returns' || way === 'exits' ? 0 : 1)
}

async function main(count, atOnce, withPackage) {
  const { port, connect, close } = await open()
  const { getKeepAlive, holdKeepAlive, inspectSocket } = require('tcp-keepalive')
  const socket = await connect()
  if (withPackage) holdKeepAlive(socket, HELD)

  let next = 0
  const some = async (last) => {
    while (next < last) await oneThread((next += 1), port, withPackage)
  }
  const all = (last) => Promise.all(Array.from({ length: atOnce }, () => some(last)))
  await all(atOnce * 4) // until the memory is constant
  const before = await state()
  await all(atOnce * 4 + count)
  const after = await state()

  if (withPackage) {
    socket.setKeepAlive(true, 5000)
    assert.deepStrictEqual(getKeepAlive(socket), on(HELD))
    assert.strictEqual(inspectSocket(socket).heldBy, 'hold')
  }
  const kilobytes = after.kilobytes - before.kilobytes
  console.log(JSON.stringify({ descriptors: after.descriptors - before.descriptors, kilobytes }))
  close()
}

/** Waits first, so that everything that has ended is closed. */
async function state() {
  await new Promise((resolve) => setTimeout(resolve, 250))
  const [, resident] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return { descriptors: readdirSync('/proc/self/fd').length, kilobytes: Number(resident) }
}

if (isMainThread) {
  const [count, atOnce, without] = process.argv.slice(2)
  void main(Number(count), Number(atOnce), without === undefined)
} else void inThread(workerData)
