/**
 * The number of system calls of each call, counted by strace. This guards the speed, because it does not depend on the load of the
 * machine.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { everyLine, nodeOf } from '../lab/nodes.ts'
import { CLI } from './cli/command.ts'
import { connectedPair } from '../lab/readback/readback.ts'

/** Before the first test: ava wants all tests declared in one go. */
const nodes = await Promise.all(everyLine.map(async (version) => ({ version, node: await nodeOf(version) })))

const PROGRAM = fileURLToPath(new URL('system-calls-program.cjs', import.meta.url))
const TIMES = 50

interface Counts {
  [callAndOption: string]: number
}

/** Runs one workload of the program `TIMES` times, and returns how often each socket option was written and read. */
function count(workload: string, node = process.execPath): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-strace-'))
  try {
    const log = join(folder, 'log')
    const strace = ['-f', '-qq', '-e', 'trace=setsockopt,getsockopt', '-e', 'signal=none', '-o', log]
    execFileSync('strace', [...strace, node, PROGRAM, workload, String(TIMES)])
    const counts: Counts = {}
    for (const [, call, option] of readFileSync(log, 'utf8').matchAll(/ ([gs]et)sockopt\(\d+, \w+, (\w+)/g)) {
      if (option === 'SO_ERROR') continue // libuv reads it at each connect
      const name = `${call} ${option}`
      counts[name] = (counts[name] ?? 0) + 1
    }
    return counts
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What a workload adds to the program that does nothing. */
function added(workload: string, node?: string): Counts {
  const idle = count('nothing', node)
  const difference: Counts = {}
  for (const [name, calls] of Object.entries(count(workload, node))) {
    const more = calls - (idle[name] ?? 0)
    if (more !== 0) difference[name] = more
  }
  return difference
}

const SET: Counts = {
  'set TCP_KEEPIDLE': TIMES,
  'set TCP_KEEPINTVL': TIMES,
  'set TCP_KEEPCNT': TIMES,
  'set SO_KEEPALIVE': TIMES,
}

/** The calls of a read. */
const GET: Counts = {
  'get SO_PROTOCOL': TIMES,
  'get SO_KEEPALIVE': TIMES,
  'get TCP_KEEPIDLE': TIMES,
  'get TCP_KEEPINTVL': TIMES,
  'get TCP_KEEPCNT': TIMES,
  'get TCP_USER_TIMEOUT': TIMES,
}

const once = (counts: Counts): Counts =>
  Object.fromEntries(Object.entries(counts).map(([name, calls]) => [name, calls / TIMES]))

const promises: ReadonlyArray<readonly [claim: string, workload: string, calls: Counts]> = [
  ['a set is four system calls, the first of which only TCP takes', 'set', SET],
  ['with a user timeout it is five', 'set-user-timeout', sum(SET, { 'set TCP_USER_TIMEOUT': TIMES })],
  ['a read is six', 'get', GET],
  [
    'turning it on and nothing else is two',
    'enable',
    { 'get SO_PROTOCOL': TIMES, 'set SO_KEEPALIVE': TIMES },
  ],
  ["a driver's call on a held socket writes nothing, and is a read", 'held', sum(once(SET), GET)],
  ["a driver's call that repeats the last one is nothing", 'held-repeated', sum(once(SET), once(GET))],
  ['sets that wait for connect are one, after attempts that failed too', 'waiting', once(SET)],
  ['sockets that an install does not match cost none', 'install-other', {}],
  [
    'for connections that an install matches a set is all: the user timeout goes in while they connect',
    'install-user-timeout',
    sum(SET, { 'set TCP_USER_TIMEOUT': TIMES }),
  ],
]

/** TCP_RTO_MAX_MS; strace may have no name for it. */
const RTO_MAX = ['set TCP_RTO_MAX_MS', 'set 0x2c']

function sum(...all: readonly Counts[]): Counts {
  const total: Counts = {}
  for (const counts of all) {
    for (const [name, calls] of Object.entries(counts)) total[name] = (total[name] ?? 0) + calls
  }
  return total
}

for (const [claim, workload, calls] of promises) {
  test(claim, (t) => t.deepEqual(added(workload), calls))
}

test("for a quick connection that ends before the first sweep, a deadline adds only one read of the system's value", (t) => {
  const calls = added('install-deadline')
  for (const name of RTO_MAX) t.is(calls[name], undefined)
  const sets = Object.entries(calls).filter(([name]) => name.startsWith('set '))
  t.deepEqual(Object.fromEntries(sets), sum(SET, { 'set TCP_USER_TIMEOUT': TIMES }))
  for (const [name, times] of Object.entries(calls)) if (name.startsWith('get ')) t.is(times, 1, name)
})

/** The calls that C makes for the same values: four, in any order. Node writes nothing itself. */
for (const { version, node } of nodes) {
  const off = { 'set SO_KEEPALIVE': 1 }
  // libuv 1.44 and newer write these four for a delay.
  const byNode = once(SET)

  test(`Node ${version}: a first set is exactly four system calls`, (t) => {
    t.deepEqual(added('first-set', node), once(SET))
  })

  test(`Node ${version}: socket.setKeepAlive(false) afterwards turns it off`, (t) => {
    t.deepEqual(added('set-then-off', node), sum(once(SET), off))
  })

  test(`Node ${version}: a delay given to Node afterwards is written once, however often it is repeated`, (t) => {
    t.deepEqual(added('set-then-delay', node), sum(once(SET), byNode))
  })

  test(`Node ${version}: a reconnect repeats nothing of a set`, (t) => {
    t.deepEqual(added('set-then-reconnect', node), once(SET))
  })
}

test('an inspection of all sockets, here three, reads each option of each socket once, and sets none', (t) => {
  const { 'get SO_PROTOCOL': asked = 0, ...read } = added('inspect-all')
  t.deepEqual(read, {
    'get SO_KEEPALIVE': 3 * TIMES,
    'get TCP_KEEPIDLE': 3 * TIMES,
    'get TCP_KEEPINTVL': 3 * TIMES,
    'get TCP_KEEPCNT': 3 * TIMES,
    'get TCP_USER_TIMEOUT': 3 * TIMES,
    'get TCP_INFO': 3 * TIMES,
  })
  t.is(asked % TIMES, 0) // one for each entry in the table of descriptors
})

test("ps reads the kernel's tables once, and each descriptor once", async (t) => {
  const pairs = await Promise.all(Array.from({ length: 100 }, () => connectedPair()))
  t.teardown(() => {
    for (const { close } of pairs) close()
  })
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-strace-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const log = join(folder, 'log')
  const strace = ['-f', '-qq', '-e', 'trace=openat,readlink,socket', '-e', 'signal=none', '-o', log]
  const printed = execFileSync('strace', [...strace, process.execPath, CLI, 'ps', String(process.pid)], {
    encoding: 'utf8',
  })
  t.regex(printed, /^200 connections/m)
  const traced = readFileSync(log, 'utf8')
  t.is(traced.match(/socket\(AF_NETLINK, \S+, NETLINK_SOCK_DIAG\)/g)?.length, 1)
  const calls = traced.matchAll(new RegExp(`"/proc/${process.pid}/(net/[^"]+|fd/\\d+)"`, 'g'))
  const paths = [...calls].map(([, path = '']) => path)
  t.deepEqual(
    paths.filter((path) => path.startsWith('net/')),
    [],
  )
  t.is(new Set(paths).size, paths.length)
  t.true(paths.length > 200)
})
