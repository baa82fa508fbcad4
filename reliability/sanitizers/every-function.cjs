// Calls every function of a binding, with what is right and with what is wrong, in this thread and in threads that come
// and go, for a tool that watches the memory. Prints how many calls that were, as JSON.
//
// node every-function.cjs BINDING ROUNDS THREADS
'use strict'
const assert = require('node:assert')
const { once } = require('node:events')
const { closeSync, openSync } = require('node:fs')
const net = require('node:net')
const { constants } = require('node:os')
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads')

const [, , path, rounds, threads] = isMainThread ? process.argv : workerData
const binding = require(path)

/** How often each exported function was called with arguments of its types; one that never is, is an error. */
const calls = new Map(
  Object.entries(binding)
    .filter(([, value]) => typeof value === 'function')
    .map(([name]) => [name, 0]),
)

function call(name, ...args) {
  calls.set(name, calls.get(name) + 1)
  return binding[name](...args)
}

const isLinux = process.platform === 'linux'
let refusals = 0

/** A call with what is not of its types. */
function refuses(name, ...args) {
  refusals += 1
  assert.throws(() => binding[name](...args), name)
}

/** Numbers that are no descriptor of a TCP socket: closed, of a file, out of range, no whole number. */
const NO_SOCKETS = [-1, 1.5, 2 ** 31, 2 ** 40, -(2 ** 40), NaN, Infinity, 999_999]
/** What is no number and no Int32Array; a call with it throws. */
const WRONG = [
  undefined,
  null,
  'text',
  {},
  [],
  [1, 2, 3],
  Symbol('symbol'),
  1n,
  new Float64Array(9),
  () => {},
]
/** Arrays that are too short, as long as they must be, and longer. */
const LENGTHS = [0, 1, 2, 4, 5, 6, 9, 10, 11, 16, 26, 27, 60]

async function main() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = net.connect(server.address().port, '127.0.0.1')
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')])
  const file = openSync(__filename)
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const fd of [client, accepted, server].map((target) => target._handle.fd)) rightCalls(fd)
    searches(client)
    if (isLinux) {
      drills(client._handle.fd)
      if (round % 10 === 0) looks(client._handle.fd) // which starts threads, and takes longer
    }
    for (const fd of [file, ...NO_SOCKETS]) refusedCalls(fd)
    wrongCalls()
  }
  closeSync(file)
  for (const target of [client, accepted]) target.destroy()
  server.close()
}

function rightCalls(fd) {
  assert.strictEqual(call('setKeepAlive', fd, true, 16, 2, 5, 25_500), 0)
  assert.strictEqual(call('setKeepAlive', fd, false, -1, -1, -1, -1), 0)
  assert.strictEqual(call('setUserTimeout', fd, 25_500, -1), 0)
  call('setUserTimeout', fd, 0, 6000) // Linux 6.15 and later take it
  assert.strictEqual(call('setConnectTimeout', fd, 25_500), 0)
  assert.strictEqual(call('tryKeepAlive', true, 16, 2, 5, 25_500), 0)
  for (const length of LENGTHS) {
    assert.strictEqual(call('getKeepAlive', fd, new Int32Array(length)), 0)
    assert.strictEqual(call('getUserTimeout', fd, new Int32Array(length)), 0)
    assert.strictEqual(call('systemKeepAlive', new Int32Array(length)), 0)
    const refusals = new Int32Array(length)
    assert.strictEqual(call('setWhatIsTaken', fd, true, 16, 2, 5, 25_500, refusals), 0)
    assert.notStrictEqual(call('setWhatIsTaken', fd, true, 32_768, 32_768, 128, -1, refusals), 0)
    call('readWindows', new Int32Array(length).fill(fd), 9)
    assert.strictEqual(call('getTcpInfo', fd, new Int32Array(length)), 0)
    assert.strictEqual(call('inspectSocket', fd, new Int32Array(length)), 0)
    assert.ok(call('inspectSockets', new Int32Array(length * 3)) >= 3)
    // Of another process, of this one, which is refused, and of none; Linux alone has it.
    if (isLinux) {
      for (const pid of [process.ppid, process.pid, 0, 2 ** 32 - 1]) {
        for (const listed of [pid, process.pid])
          call('inspectProcess', listed, pid, new Int32Array(length * 30))
      }
      assert.ok(call('tcpTimers', new Int32Array(length)) >= 2)
    }
  }
  // A view into the middle of a buffer: what is beside it stays.
  const buffer = new Int32Array(30).fill(7)
  call('getKeepAlive', fd, buffer.subarray(10, 12))
  assert.ok(buffer.every((value, index) => value === 7 || index === 10 || index === 11))
  for (const refused of [32_768, 0, 2 ** 31 - 1]) {
    assert.notStrictEqual(call('setKeepAlive', fd, true, refused, 1, 1, -1), 0)
  }
  for (const option of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 2 ** 32 - 1]) call('optionName', option)
}

function searches({ localPort, remotePort, _handle: { fd } }) {
  const endpoints = new Int32Array(10)
  const put = (at, port) => endpoints.set([0, 0, 0xffff, 0x7f00_0001, port], at)
  put(0, localPort)
  put(5, remotePort)
  for (const hint of [-1, fd, 0, 2 ** 31]) assert.strictEqual(call('findDescriptor', endpoints, hint), fd)
  put(5, 1)
  assert.strictEqual(call('findDescriptor', endpoints, -1), -1)
  for (const length of LENGTHS) call('findDescriptor', new Int32Array(length), -1)
}

/** Cutting off and back, and a duplicate, which is closed here. */
function drills(fd) {
  assert.strictEqual(call('setHopMinimum', fd, 2, -1), 0)
  for (const length of LENGTHS) {
    const values = new Int32Array(length)
    assert.strictEqual(call('getHopMinimum', fd, values), 0)
    if (length > 0) assert.strictEqual(values[0], 2)
  }
  assert.strictEqual(call('setHopMinimum', fd, 0, -1), 0)
  for (const refused of [256, 2 ** 31 - 1]) assert.notStrictEqual(call('setHopMinimum', fd, refused, 0), 0)
  const duplicate = call('duplicateSocket', process.pid, fd)
  for (const none of [-1, fd, 2 ** 31 - 1]) call('closeDuplicate', none) // which it has not made
  assert.strictEqual(call('getKeepAlive', fd, new Int32Array(5)), 0)
  if (duplicate >= 0) call('closeDuplicate', duplicate)
  else assert.strictEqual(duplicate, -constants.errno.ENOSYS) // valgrind 3.19 does not know pidfd_open
  for (const [pid, descriptor] of [
    [process.pid, -1],
    [process.pid, 0], // which is no TCP socket
    [0, fd],
    [-1, fd],
    [2 ** 31 - 1, 2 ** 31 - 1],
  ]) {
    assert.ok(call('duplicateSocket', pid, descriptor) < 0)
  }
}

/** A look at all sockets of the process, with the same purpose in all threads, one of its own, and for room of every size. */
function looks(fd) {
  for (const purpose of [[], [1, 2]]) {
    for (const length of LENGTHS) {
      const id = call('beginLooking', Int32Array.from(purpose))
      assert.ok(id > 0)
      const rows = new Int32Array(length)
      const count = look(id, rows)
      call('shareMatch', id, count > 0)
      for (const values of LENGTHS) {
        call('adoptConnections', id, rows, count, new Int32Array(values).fill(9))
        // Of what was never found: it is gone, or was never there.
        call(
          'adoptConnections',
          id,
          new Int32Array(length).fill(fd),
          2 ** 32 - 1,
          new Int32Array(values).fill(-1),
        )
      }
      call('excludeFromReach', fd)
      look(id, rows)
      call('endLooking', id)
      assert.strictEqual(call('lookForConnections', id, rows, 0), -1)
      assert.strictEqual(call('shareMatch', id, false), false)
    }
  }
  for (const id of [0, 2 ** 32 - 1]) call('endLooking', id)
  for (const none of NO_SOCKETS) call('excludeFromReach', none)
}

function look(id, rows) {
  for (;;) {
    const count = call('lookForConnections', id, rows, 1000)
    if (count !== -2) return Math.max(0, count)
  }
}

function refusedCalls(fd) {
  const values = new Int32Array(27)
  assert.notStrictEqual(call('setKeepAlive', fd, true, 16, 2, 5, 25_500), 0)
  assert.notStrictEqual(call('setWhatIsTaken', fd, true, 16, 2, 5, 25_500, values), 0)
  assert.notStrictEqual(call('setUserTimeout', fd, 0, 6000), 0)
  assert.notStrictEqual(call('setConnectTimeout', fd, 6000), 0)
  assert.notStrictEqual(call('getUserTimeout', fd, values), 0)
  const rows = new Int32Array(26).fill(fd)
  call('readWindows', rows, 2)
  assert.ok(rows[1] < 0 && rows[14] < 0)
  assert.notStrictEqual(call('getKeepAlive', fd, values), 0)
  assert.notStrictEqual(call('getTcpInfo', fd, values), 0)
  assert.notStrictEqual(call('inspectSocket', fd, values), 0)
  if (!isLinux) return
  assert.notStrictEqual(call('getHopMinimum', fd, values), 0)
  assert.notStrictEqual(call('setHopMinimum', fd, 0, 0), 0)
}

function wrongCalls() {
  for (const wrong of WRONG) {
    for (const name of [
      'getKeepAlive',
      'getTcpInfo',
      'getUserTimeout',
      'inspectSocket',
      'findDescriptor',
      ...(isLinux ? ['getHopMinimum', 'lookForConnections', 'adoptConnections', 'duplicateSocket'] : []),
    ]) {
      refuses(name, wrong, wrong)
    }
    for (const name of [
      'setKeepAlive',
      'setWhatIsTaken',
      'systemKeepAlive',
      'inspectSockets',
      'optionName',
      ...(isLinux
        ? ['inspectProcess', 'tcpTimers', 'beginLooking', 'endLooking', 'excludeFromReach', 'closeDuplicate']
        : []),
      ...(isLinux ? ['shareMatch', 'setHopMinimum'] : []),
    ]) {
      refuses(name, wrong, true, 1, 1, 1, 1)
    }
    for (const name of ['setUserTimeout', 'setConnectTimeout', 'readWindows', 'tryKeepAlive']) {
      refuses(name, wrong, 1, 1, 1, 1)
    }
  }
  for (const name of calls.keys()) if (!name.endsWith('OnPurpose')) refuses(name)
}

async function inThreads() {
  for (let thread = 0; thread < Number(threads); thread += 1) {
    const worker = new Worker(__filename, { workerData: ['', '', path, rounds, 0], trackUnmanagedFds: false })
    const told = once(worker, 'message')
    await once(worker, 'exit')
    for (const [name, times] of (await told)[0]) calls.set(name, calls.get(name) + times)
  }
}

async function start() {
  await main()
  if (!isMainThread) return parentPort.postMessage(calls)
  await inThreads()
  const never = [...calls].filter(([name, times]) => times === 0 && !name.endsWith('OnPurpose'))
  assert.deepStrictEqual(never, [])
  console.log(JSON.stringify({ ...Object.fromEntries(calls), refused: refusals }))
  return undefined
}

void start()
