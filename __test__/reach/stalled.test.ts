/** A scan that does not return for a long time, or cannot start: nothing waits for it, and the reason is reported. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { preloadLibrary, preloadUnavailable } from '../../lab/preload.ts'
import { unless } from '../needs.ts'

const reason =
  process.platform === 'linux' ? preloadUnavailable() : 'The look at all sockets of a process is for Linux.'
const test = unless(reason)

function run(t: ExecutionContext, mode: string): unknown {
  const library = preloadLibrary(t, new URL('stall.c', import.meta.url))
  const file = (name: string): string => join(library, '..', name)
  const variables = {
    LD_PRELOAD: library,
    STALL: file('stall'),
    STALL_ONE: file('stall-one'),
    STALL_NAME: file('stall-name'),
    NO_THREADS: file('no-threads'),
  }
  const program = fileURLToPath(new URL('stalled.cjs', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [program, mode], {
    env: { ...process.env, NODE_OPTIONS: '', ...variables },
    encoding: 'utf8',
    timeout: 60_000, // it would wait forever
    killSignal: 'SIGKILL',
  })
  return stdout === '' ? stderr : JSON.parse(stdout)
}

test('a set does not wait for the scan', (t) => {
  t.is(run(t, 'set'), 5000)
})

test('the result of a slow scan is requested at growing intervals, by one timer for all installs, and without blocking', (t) => {
  const { whileStalled, later } = run(t, 'again') as { whileStalled: readonly number[]; later: number }
  // After 100, 300, 700 and 1500 ms for each of the two, or later.
  t.deepEqual(whileStalled.slice(0, 2), [50, 50])
  t.true(whileStalled.length >= 4 && whileStalled.length <= 2 + 2 * 4, `${whileStalled.length}`)
  t.true(whileStalled.slice(2).every((wait) => wait === 0))
  t.is(later, 0)
})

/** The thread waits forever, but not the calling one. */
test('inspectSockets() does not wait for a system call that does not return, and reports all sockets', (t) => {
  const { before, stalled, wasStalled, withoutThreads } = run(t, 'inspect') as {
    [name: string]: unknown
    before: readonly unknown[]
  }
  t.is(before.length, 3) // the listener, and both ends
  t.true(wasStalled)
  t.deepEqual(stalled, before)
  t.deepEqual(withoutThreads, before)
})

/** Deno and Bun search this way. On Linux other threads may close the descriptors. */
test('the search of a socket by its endpoints does not wait for a system call that does not return', (t) => {
  t.deepEqual(run(t, 'search'), {
    client: true,
    wasStalled: true,
    listener: true,
    none: -1,
    withoutThreads: true,
  })
})

test('if no thread can be started, that is the reported reason', (t) => {
  const reasons = run(t, 'threads')
  t.deepEqual(
    reasons,
    Array.from({ length: 2 }, () => 'reach: no thread can be started: EAGAIN'),
  )
})
