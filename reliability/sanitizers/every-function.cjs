// Calls every function of a binding with valid and invalid arguments, in this thread and in threads that start and end, for a
// tool that checks the memory. Prints the number of calls.
//
// node every-function.cjs BINDING ROUNDS THREADS
'use strict'
const assert = require('node:assert')
const { once } = require('node:events')
const { closeSync, openSync } = require('node:fs')
const { constants } = require('node:os')
const { isMainThread, parentPort, Worker, workerData } = require('node:worker_threads')
const { open } = require('../life-cycle/shared.cjs')

const [, , path, rounds, threads] = isMainThread ? process.argv : workerData
const binding = require(path)

/** How often each published function was called with arguments of its types. All must be called. */
const calls = new Map(
  Object.entries(binding)
    .filter(([name, value]) => typeof value === 'function' && !name.endsWith('OnPurpose'))
    .map(([name]) => [name, 0]),
)
let refusals = 0

function call(name, ...args) {
  calls.set(name, calls.get(name) + 1)
  return binding[name](...args)
}

/** The system accepts the call. */
function succeeds(name, ...args) {
  assert.strictEqual(call(name, ...args), 0, name)
}

/** The system refuses the call. */
function fails(name, ...args) {
  assert.notStrictEqual(call(name, ...args), 0, name)
}

/** The binding throws, because of the types. */
function refuses(name, ...args) {
  refusals += 1
  assert.throws(() => binding[name](...args), name)
}

const isLinux = process.platform === 'linux'

const VALUES = [16, 2, 5, 25_500]
/** Numbers that are no descriptor of a TCP socket: closed, out of range, not whole. */
const NO_SOCKETS = [-1, 1.5, 2 ** 31, 2 ** 40, -(2 ** 40), NaN, Infinity, 999_999]
/** Neither a number nor a boolean nor an Int32Array. */
const WRONG = [undefined, null, 'text', {}, [1, 2], Symbol('symbol'), 1n, new Float64Array(9), () => {}]
/** Lengths of arrays: too short, as long as needed, and longer. */
const LENGTHS = [0, 1, 2, 4, 5, 6, 9, 10, 11, 16, 30, 31, 60]

async function main() {
  const { server, accepted, connect, close } = await open()
  const client = await connect()
  const file = openSync(__filename)
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const { _handle: handle } of [client, ...accepted, server]) callsOnSocket(handle.fd)
    searches(client)
    if (isLinux) {
      drills(client._handle.fd)
      if (round % 10 === 0) looks(client._handle.fd) // not in each round, because it starts threads
    }
    for (const fd of [file, ...NO_SOCKETS]) callsOnOthers(fd)
    for (const name of calls.keys()) {
      refuses(name)
      for (const wrong of WRONG) refuses(name, wrong, wrong, wrong, wrong, wrong, wrong)
    }
  }
  closeSync(file)
  close()
}

function callsOnSocket(fd) {
  succeeds('setKeepAlive', fd, true, ...VALUES)
  succeeds('setKeepAlive', fd, false, -1, -1, -1, -1)
  succeeds('setUserTimeout', fd, 25_500, -1)
  call('setUserTimeout', fd, 0, 6000) // Linux 6.15 and later accept it
  succeeds('setConnectTimeout', fd, 25_500)
  succeeds('tryKeepAlive', true, ...VALUES)
  for (const length of LENGTHS) {
    for (const name of ['getKeepAlive', 'getUserTimeout', 'getTcpInfo', 'inspectSocket']) {
      succeeds(name, fd, new Int32Array(length))
    }
    succeeds('systemKeepAlive', new Int32Array(length))
    const refused = new Int32Array(length)
    succeeds('setWhatIsTaken', fd, true, ...VALUES, refused)
    fails('setWhatIsTaken', fd, true, 32_768, 32_768, 128, -1, refused)
    call('readWindows', new Int32Array(length).fill(fd), 9)
    assert.ok(call('inspectSockets', new Int32Array(length * 3)) >= 3)
    if (isLinux) {
      // Another process, this one, which is refused, and none.
      for (const pid of [process.ppid, process.pid, 0, 2 ** 32 - 1]) {
        for (const listed of [pid, process.pid])
          call('inspectProcess', listed, pid, new Int32Array(length * 30))
      }
      assert.ok(call('tcpTimers', new Int32Array(length)) >= 2)
    }
  }
  // A view into the middle of a buffer: the rest of the buffer is unchanged.
  const buffer = new Int32Array(30).fill(7)
  call('getKeepAlive', fd, buffer.subarray(10, 12))
  assert.ok(buffer.every((value, index) => value === 7 || index === 10 || index === 11))
  for (const time of [32_768, 0, 2 ** 31 - 1]) fails('setKeepAlive', fd, true, time, 1, 1, -1)
  for (const option of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 2 ** 32 - 1]) call('optionName', option)
}

function searches({ localPort, remotePort, _handle: { fd } }) {
  const loopback = [0, 0, 0xffff, 0x7f00_0001]
  const endpoints = Int32Array.of(...loopback, localPort, ...loopback, remotePort)
  for (const hint of [-1, fd, 0, 2 ** 31]) assert.strictEqual(call('findDescriptor', endpoints, hint), fd)
  endpoints[9] = 1
  assert.strictEqual(call('findDescriptor', endpoints, -1), -1)
  for (const length of LENGTHS) call('findDescriptor', new Int32Array(length), -1)
}

/** Cuts the connection off and restores it. Duplicates the socket, and closes the duplicate. */
function drills(fd) {
  succeeds('setHopMinimum', fd, 2, -1)
  for (const length of LENGTHS) {
    const values = new Int32Array(length)
    succeeds('getHopMinimum', fd, values)
    if (length > 0) assert.strictEqual(values[0], 2)
  }
  succeeds('setHopMinimum', fd, 0, -1)
  for (const minimum of [256, 2 ** 31 - 1]) fails('setHopMinimum', fd, minimum, 0)
  const duplicate = call('duplicateSocket', process.pid, fd)
  for (const none of [-1, fd, 2 ** 31 - 1]) call('closeDuplicate', none) // closes none of these
  succeeds('getKeepAlive', fd, new Int32Array(5))
  if (duplicate >= 0) call('closeDuplicate', duplicate)
  else assert.strictEqual(duplicate, -constants.errno.ENOSYS) // valgrind 3.19 does not know pidfd_open
  const invalid = [-1, 0].map((descriptor) => [process.pid, descriptor]) // descriptor 0 is no TCP socket
  for (const pair of [...invalid, [0, fd], [-1, fd], [2 ** 31 - 1, 2 ** 31 - 1]]) {
    assert.ok(call('duplicateSocket', ...pair) < 0)
  }
}

/** Scans all sockets of the process, for a purpose that all threads share and for one of its own, with arrays of any length. */
function looks(fd) {
  for (const purpose of [[], [1, 2]]) {
    for (const length of LENGTHS) {
      const id = call('beginLooking', Int32Array.from(purpose))
      assert.ok(id > 0)
      const rows = new Int32Array(length)
      const count = look(id, rows)
      call('shareMatch', id, count > 0)
      const neverFound = new Int32Array(length).fill(fd)
      for (const values of LENGTHS) {
        call('adoptConnections', id, rows, count, new Int32Array(values).fill(9))
        call('adoptConnections', id, neverFound, 2 ** 32 - 1, new Int32Array(values).fill(-1))
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

function callsOnOthers(fd) {
  const values = new Int32Array(27)
  fails('setKeepAlive', fd, true, ...VALUES)
  fails('setWhatIsTaken', fd, true, ...VALUES, values)
  fails('setUserTimeout', fd, 0, 6000)
  fails('setConnectTimeout', fd, 6000)
  for (const name of ['getUserTimeout', 'getKeepAlive', 'getTcpInfo', 'inspectSocket'])
    fails(name, fd, values)
  const rows = new Int32Array(30).fill(fd)
  call('readWindows', rows, 2)
  assert.ok(rows[1] < 0 && rows[16] < 0)
  if (!isLinux) return
  fails('getHopMinimum', fd, values)
  fails('setHopMinimum', fd, 0, 0)
}

async function start() {
  await main()
  if (!isMainThread) return parentPort.postMessage(calls)
  for (let thread = 0; thread < Number(threads); thread += 1) {
    const worker = new Worker(__filename, { workerData: ['', '', path, rounds, 0], trackUnmanagedFds: false })
    const posted = once(worker, 'message')
    await once(worker, 'exit')
    for (const [name, times] of (await posted)[0]) calls.set(name, calls.get(name) + times)
  }
  assert.deepStrictEqual(
    [...calls.keys()].filter((name) => calls.get(name) === 0),
    [],
  )
  console.log([...calls.values()].reduce((sum, times) => sum + times, refusals))
  return undefined
}

void start()
