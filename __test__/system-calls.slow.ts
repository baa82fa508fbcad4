/**
 * What each call costs in system calls, counted by strace: the regression guard for speed, as it does not depend on
 * what else the machine does.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const PROGRAM = fileURLToPath(new URL('system-calls-program.cjs', import.meta.url))
const TIMES = 50

interface Counts {
  [callAndOption: string]: number
}

/** Runs one workload of the program `TIMES` times, and tells which socket options were written and read how often. */
function count(workload: string): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-strace-'))
  try {
    const log = join(folder, 'log')
    const strace = ['-f', '-qq', '-e', 'trace=setsockopt,getsockopt', '-e', 'signal=none', '-o', log]
    execFileSync('strace', [...strace, process.execPath, PROGRAM, workload, String(TIMES)])
    const counts: Counts = {}
    for (const [, call, option] of readFileSync(log, 'utf8').matchAll(/ ([gs]et)sockopt\(\d+, \w+, (\w+)/g)) {
      const name = `${call} ${option}`
      counts[name] = (counts[name] ?? 0) + 1
    }
    return counts
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What a workload adds to the program that does nothing. */
function added(workload: string): Counts {
  const idle = count('nothing')
  const difference: Counts = {}
  for (const [name, calls] of Object.entries(count(workload))) {
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

/** On a fresh socket Node's record is made true, once, by its own call, which also tries a time of 0 in vain. */
const RECORD: Counts = { 'set SO_KEEPALIVE': 1, 'set TCP_KEEPIDLE': 1 }

const promises: ReadonlyArray<readonly [claim: string, workload: string, calls: Counts]> = [
  ['a set is four system calls, the first of which only TCP takes', 'set', sum(SET, RECORD)],
  ['with a user timeout it is five', 'set-user-timeout', sum(SET, RECORD, { 'set TCP_USER_TIMEOUT': TIMES })],
  [
    'a read is six',
    'get',
    {
      'get SO_PROTOCOL': TIMES,
      'get SO_KEEPALIVE': TIMES,
      'get TCP_KEEPIDLE': TIMES,
      'get TCP_KEEPINTVL': TIMES,
      'get TCP_KEEPCNT': TIMES,
      'get TCP_USER_TIMEOUT': TIMES,
    },
  ],
  [
    'turning it on and nothing else is two',
    'enable',
    sum({ 'get SO_PROTOCOL': TIMES, 'set SO_KEEPALIVE': TIMES }, RECORD),
  ],
  [
    "a driver's calls on a held socket are none",
    'held',
    sum(
      {
        'set TCP_KEEPIDLE': 1,
        'set TCP_KEEPINTVL': 1,
        'set TCP_KEEPCNT': 1,
        'set SO_KEEPALIVE': 1,
      },
      RECORD,
    ),
  ],
  ['sockets that an install does not match cost none', 'install-other', {}],
]

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
