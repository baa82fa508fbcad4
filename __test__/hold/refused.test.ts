/** If the system refuses single options, the others are still held. */
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { type KeepAlive, planKeepAlive } from 'tcp-keepalive'
import { unless } from '../needs.ts'
import { preloadUnavailable } from '../../lab/preload.ts'
import { multipathUnavailable, refusing, type Refused, run } from './refuse.ts'

const refused = unless(preloadUnavailable())
const multipath = unless(multipathUnavailable())
const program = fileURLToPath(new URL('refused-program.cjs', import.meta.url))

interface Seen {
  readonly values: KeepAlive
  readonly reported: readonly string[]
  readonly applied: readonly KeepAlive[]
}

function see(t: ExecutionContext, way: string, system: Refused, ...before: readonly string[]): Seen {
  const variables = { ...refusing(t, system), TCP_KEEPALIVE_DETECT_WITHIN: '30s' }
  const { stdout, stderr } = run([...before, program, way], variables)
  t.true(stdout.startsWith('{'), stderr)
  return JSON.parse(stdout) as Seen
}

/** The sockets' values if the user timeout is refused, by a sandbox or because of Multipath TCP. */
const REST = { enabled: true, time: 16_000, interval: 2000, retries: 5 }
const WAYS = ['install', 'hold, not connected', 'hold, connected', 'hold on a server']

for (const way of WAYS) {
  refused(
    `a sandbox denies the user timeout, ${way}: the other values are held, and the error names the user timeout`,
    (t) => {
      const { values, reported, applied } = see(t, way, { refuse: ['TCP_USER_TIMEOUT'] })
      t.deepEqual(values, { ...REST, userTimeout: 0 })
      t.true(reported.length >= 1)
      for (const message of reported) {
        t.is(message, 'setsockopt TCP_USER_TIMEOUT EPERM; the other values are set')
      }
      t.deepEqual(applied.at(-1), REST as KeepAlive)
    },
  )

  multipath(`Multipath TCP, ${way}: the other values are held, and the error names the user timeout`, (t) => {
    const { values, reported } = see(t, way, { multipath: true })
    t.like(values, REST)
    t.true(reported.length >= 1)
    for (const message of reported)
      t.regex(message, /^setsockopt TCP_USER_TIMEOUT E\w+: .*; the other values/)
  })
}

refused('register also holds the other values', (t) => {
  const { values, reported } = see(
    t,
    'register',
    { refuse: ['TCP_USER_TIMEOUT'] },
    '--require=tcp-keepalive/register',
  )
  t.deepEqual(values, { ...planKeepAlive({ detectWithin: 30_000 }).settings, userTimeout: 0 })
  t.deepEqual(reported, ['setsockopt TCP_USER_TIMEOUT EPERM; the other values are set'])
})

refused('several options are refused: each is named, and the other values are held', (t) => {
  const { values, reported } = see(t, 'install', { refuse: ['TCP_USER_TIMEOUT', 'TCP_KEEPINTVL'] })
  t.like(values, { enabled: true, time: 16_000, retries: 5, userTimeout: 0 })
  t.deepEqual(
    reported.map((message) => message.split(' ')[1]),
    ['TCP_USER_TIMEOUT', 'TCP_KEEPINTVL'],
  )
})

refused("a set that waits for 'connect' sets the other values", (t) => {
  const { values, reported } = see(t, 'set, not connected', { refuse: ['TCP_USER_TIMEOUT'] })
  t.is(values.userTimeout, 0)
  t.deepEqual(reported, ['setsockopt TCP_USER_TIMEOUT EPERM; the other values are set'])
})

refused('a set throws, and names what was set', (t) => {
  t.deepEqual(see(t, 'set, connected', { refuse: ['TCP_KEEPCNT'] }).reported, [
    'thrown: setsockopt TCP_KEEPCNT EPERM; set before that: userTimeout, time, interval',
  ])
  t.deepEqual(see(t, 'set, connected', { refuse: ['TCP_USER_TIMEOUT'] }).reported, [
    'thrown: setsockopt TCP_USER_TIMEOUT EPERM',
  ])
})

const REGISTER = ['--require=tcp-keepalive/register', '-p', '"runs"']
const REQUIRED = { TCP_KEEPALIVE_REQUIRED: '1' }

refused('with REQUIRED, a system that refuses one option to every socket stops the program', (t) => {
  const variables = { ...refusing(t, { refuse: ['TCP_USER_TIMEOUT'] }), TCP_KEEPALIVE_DETECT_WITHIN: '30s' }
  t.deepEqual(run(REGISTER, { ...variables, ...REQUIRED }), {
    status: 1,
    stdout: '',
    stderr: 'tcp-keepalive: setsockopt TCP_USER_TIMEOUT EPERM; this program is stopped\n',
  })
  t.deepEqual(run(REGISTER, variables), { status: 0, stdout: 'runs\n', stderr: '' })
  // Options that are not requested are not required.
  const without = { ...refusing(t, { refuse: ['TCP_USER_TIMEOUT'] }), TCP_KEEPALIVE_TIME: '30s' }
  t.deepEqual(run(REGISTER, { ...without, ...REQUIRED }), { status: 0, stdout: 'runs\n', stderr: '' })
})

multipath('with REQUIRED, a system that makes every socket a Multipath TCP one stops the program', (t) => {
  const variables = { ...refusing(t, { multipath: true }), TCP_KEEPALIVE_DETECT_WITHIN: '30s' }
  const { status, stdout, stderr } = run(REGISTER, { ...variables, ...REQUIRED })
  t.deepEqual([status, stdout], [1, ''])
  t.regex(stderr, /^tcp-keepalive: setsockopt TCP_USER_TIMEOUT E[^\n]*; this program is stopped\n$/)
})
