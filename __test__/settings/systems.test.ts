/** What a plan says on each system, by its recorded capabilities. Each plan is made in a process that simulates that system. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import test from 'ava'
import { capabilitiesOf } from '../../src/settings/capabilities.ts'
import { detectionOf } from '../../src/settings/detection.ts'
import type { KeepAlivePlan } from '../../src/settings/plan.ts'

/** A plan of `options` on `platform`. `undefined` is returned as `null`, because JSON has no `undefined`. */
function planOn(platform: string, options: object): KeepAlivePlan {
  const script = `Object.defineProperty(process, 'platform', { value: ${JSON.stringify(platform)} })
    const plan = require('tcp-keepalive').planKeepAlive(${JSON.stringify(options)})
    console.log(JSON.stringify(plan, (name, value) => value === undefined ? null : value))`
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as KeepAlivePlan
}

const unknown = null as unknown as undefined

const DEADLINE = { detectWithin: 30_000 }
const VALUES = { time: 60_000, interval: 10_000, retries: 6, userTimeout: 25_500 }

test('a plan for a deadline gives what is known of each system', (t) => {
  t.deepEqual(planOn('linux', DEADLINE).detection, { idle: 26_000, write: 26_000, connect: 25_500 })
  // Keepalive ends a write. TCP_CONNECTIONTIMEOUT and TCP_KEEPINIT limit the attempt, in whole seconds.
  for (const platform of ['darwin', 'freebsd']) {
    t.deepEqual(planOn(platform, DEADLINE).detection, { idle: 26_000, write: 26_000, connect: 25_000 })
  }
  t.deepEqual(planOn('win32', DEADLINE).detection, { idle: 26_000, write: unknown, connect: unknown })
})

test('only on Linux a deadline sets a user timeout', (t) => {
  t.is(planOn('linux', DEADLINE).settings.userTimeout, 25_500)
  for (const platform of ['darwin', 'freebsd', 'win32'])
    t.is(planOn(platform, DEADLINE).settings.userTimeout, 0)
})

test('a user timeout is in the unit of the system, and limits an attempt if the system has an option for it', (t) => {
  const held = (platform: string): number | undefined => planOn(platform, VALUES).settings.userTimeout
  t.deepEqual([held('linux'), held('win32')], [25_500, 25_500])
  t.deepEqual([held('darwin'), held('freebsd')], [26_000, 26_000])
  for (const platform of ['darwin', 'freebsd']) {
    t.deepEqual(planOn(platform, VALUES).detection, { idle: 120_000, write: 120_000, connect: 26_000 })
  }
})

test("an unknown figure is never replaced by Linux's", (t) => {
  for (const platform of ['darwin', 'freebsd', 'win32']) {
    const { detection, tolerates } = planOn(platform, { enabled: false })
    t.is(detection.write, unknown, platform)
    t.is(detection.connect, platform === 'win32' ? unknown : 75_000, platform)
    t.deepEqual([tolerates.write, tolerates.connect], [unknown, unknown], platform)
  }
})

test('a time that a timer of macOS cannot hold is a RangeError that names the largest time', (t) => {
  for (const field of ['time', 'interval']) {
    const { message } = t.throws(() => planOn('darwin', { [field]: 2_147_484_000 }))
    t.regex(message, /RangeError .*must be >= 1000 && <= 2147483000 milliseconds/, field)
    t.is(planOn('darwin', { [field]: 2_147_483_000 }).settings[field as 'time'], 2_147_483_000)
    t.is(planOn('freebsd', { [field]: 2_147_484_000 }).settings[field as 'time'], 2_147_484_000)
  }
})

const PLATFORMS = ['linux', 'darwin', 'freebsd', 'win32'] as const

/** A row of the table in docs/systems.md, a cell for each of {@link PLATFORMS}. */
function rowOf(name: string): readonly string[] {
  const page = readFileSync(new URL('../../docs/systems.md', import.meta.url), 'utf8')
  const row = page.split('\n').find((line) => line.startsWith(`| ${name} |`))
  return (
    row
      ?.split('|')
      .slice(2, -1)
      .map((cell) => cell.trim()) ?? []
  )
}

test('the numbers on the page are those that are used to check and to plan', (t) => {
  const number = (cell = ''): number => Number(/^[\d ]+/.exec(cell)?.[0].replaceAll(' ', '') ?? Number.NaN)
  const retries = rowOf('most retries')
  const durations = rowOf('largest time and interval')
  const connecting = rowOf('what ends an attempt to connect')
  const timeouts = rowOf('unit of the user timeout')
  const writes = rowOf('probes while data is in flight')
  const held = { enabled: true, time: 10_000, interval: 2000, retries: 5, userTimeout: 0 }
  for (const [index, platform] of PLATFORMS.entries()) {
    const { time, interval, retries: count, userTimeout } = capabilitiesOf(platform)
    t.is(number(retries[index]), count.max, platform)
    if (platform !== 'win32') {
      t.deepEqual(
        [time.max, interval.max],
        Array.from({ length: 2 }, () => number(durations[index]) * 1000),
        platform,
      )
    }
    t.is(timeouts[index]?.startsWith('ms'), userTimeout.step === 1, platform)
    const { write, connect } = detectionOf(held, platform)
    if (platform === 'linux') continue
    t.is(writes[index]?.startsWith('yes'), write === 20_000, platform)
    t.is(connecting[index]?.startsWith('75 s') ? 75_000 : undefined, connect, platform)
  }
})
