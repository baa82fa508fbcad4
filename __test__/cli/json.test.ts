/** The JSON output of the commands has the fields that docs/seeing.md documents. */
import { readFileSync } from 'node:fs'
import net from 'node:net'
import test from 'ava'
import type { Doing, Fate } from '../../src/cli/drill-findings.ts'
import type { Protection } from '../../src/cli/ps-findings.ts'
import { unless } from '../needs.ts'
import { connectedPair } from '../../lab/readback/readback.ts'
import { cli } from './command.ts'
import { drillProgram, openPort } from './drilling.ts'

const text = readFileSync(new URL('../../docs/seeing.md', import.meta.url), 'utf8')
const JSON_PART = text.slice(text.indexOf('In JSON durations'), text.indexOf('## From a program'))

/** All names in a command's row. */
function documented(command: string): string[] {
  const [row = ''] = new RegExp(`^\\| \`${command}\` \\|.*$`, 'm').exec(JSON_PART) ?? []
  return sorted([...row.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name).slice(1))
}

/** Removes duplicates. */
function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted()
}

/** The names in the objects, and in nested objects, except in `within`, whose fields are documented elsewhere. */
function keysOf(value: unknown, within: readonly string[]): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => keysOf(each, within))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => [
    key,
    ...(within.includes(key) ? [] : keysOf(each, within)),
  ])
}

test('doctor', (t) => {
  const keys = keysOf(JSON.parse(cli('doctor', '--json').stdout), [
    'capabilities',
    'defaults',
    'detectionIfOn',
    'variables',
    'plan',
  ])
  // Fields that are absent if nothing is wrong, or nothing is left out.
  t.deepEqual(sorted(['problem', 'match', 'accepted', 'planKeepAlive()', ...keys]), documented('doctor'))
})

test('plan', (t) => {
  const plans = [
    ['--time', '2h'],
    ['--detect-within', '30s'],
  ]
  const found = plans.map((args) => JSON.parse(cli('plan', ...args, '--json').stdout) as object)
  const keys = keysOf(found, ['settings', 'libpq', 'pgbouncer', 'sysctl'])
  t.deepEqual(sorted([...keys]), documented('plan'))
})

unless(process.platform === 'linux' ? undefined : 'The command ps needs Linux.')('ps', async (t) => {
  const { close } = await connectedPair()
  t.teardown(close)
  const found = JSON.parse(cli('ps', String(process.pid), '--json').stdout) as object
  const keys = keysOf(found, ['local', 'remote', 'values'])
  const protections: Protection[] = [
    'protected',
    'unprotected',
    'no-user-timeout',
    'slow',
    'timer-only',
    'in-flight',
    'closing',
  ]
  // Fields that are absent if they do not apply, and the name of a link.
  const others = ['service', 'unreadable', 'getKeepAlive()']
  t.deepEqual(sorted([...others, ...protections, ...keys]), documented('ps'))
})

test('watch', async (t) => {
  const { port, close } = await connectedPair()
  t.teardown(close)
  const closed = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => closed.once('listening', resolve))
  const { port: nobody } = closed.address() as net.AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const peers = [port, nobody].map((each) => `127.0.0.1:${each}`)
  const { stdout } = cli('watch', ...peers, '--for', '1s', '--json')
  const keys = stdout
    .trim()
    .split('\n')
    .flatMap((line) => keysOf(JSON.parse(line), []))
  const statuses = ['alive', 'silent', 'closed', 'lost', 'unreached', 'unwatched']
  t.deepEqual(sorted(['service', ...statuses, ...keys]), documented('watch'))
})

const DOINGS: Readonly<Record<Doing, true>> = { idle: true, silent: true, waiting: true, writing: true }

/** At the end no connection is undecided. */
const FATES: Readonly<Record<Exclude<Fate, 'cut'>, true>> = {
  ended: true,
  heard: true,
  healed: true,
  late: true,
  'too-early': true,
  told: true,
}

unless(process.platform === 'linux' ? undefined : 'Only Linux can cut a connection off.')(
  'drill',
  async (t) => {
    const port = await openPort(t)
    const lines = `open({ time: 1000, interval: 1000, retries: 1 })` // it ends when it gets the error
    const { stdout } = await drillProgram(t, port, ['--within', '20s', '--json'], lines).done
    const keys = keysOf(JSON.parse(stdout), [])
    // Fields that are absent if they do not apply.
    const others = ['service', 'newConnectionAfter', 'signal', 'kernel', 'program']
    t.deepEqual(
      sorted([...others, ...Object.keys(DOINGS), ...Object.keys(FATES), ...keys]),
      documented('drill'),
    )
  },
)
