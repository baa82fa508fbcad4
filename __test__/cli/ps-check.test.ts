/** `ps --check --within 60s`: whether each connection of a real program fails in time, when waiting and when writing. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { setKeepAlive } from 'tcp-keepalive'
import * as native from 'tcp-keepalive/native'
import { findTool } from '../../lab/network/tools.ts'
import { connectedPair, rawDescriptor, readback } from '../../lab/readback/readback.ts'
import type { Connection, ProcessConnections } from '../../src/cli/ps-findings.ts'
import { unless } from '../needs.ts'
import { cli, CLI, type Ran } from './command.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'The command ps needs Linux.')
const withPsql = unless(
  findTool('psql') ? undefined : 'psql is not installed (Debian package postgresql-client).',
)

const PATIENCE_MS = 60_000

function check(...pids: readonly (number | undefined)[]): Ran {
  return cli('ps', ...pids.map(String), '--check', '--within', '60s')
}

function connectionsOf(...pids: readonly (number | undefined)[]): Connection[] {
  const { stdout } = cli('ps', ...pids.map(String), '--within', '60s', '--json')
  return (JSON.parse(stdout) as ProcessConnections[]).flatMap(({ connections }) => connections)
}

/** A server in its own process that accepts and sends nothing, so that the program has only its own ends of the connections. */
async function silentServer(t: ExecutionContext): Promise<number> {
  const script = `const server = require('net').createServer((socket) => socket.on('error', () => {}))
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return Number(String(port))
}

/** A program with one connection. `set` is called once it is connected. */
async function program(
  t: ExecutionContext,
  set: string,
  { args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: Record<string, string> } = {},
): Promise<ChildProcess> {
  const port = await silentServer(t)
  const script = `const socket = require('net').connect(${port}, '127.0.0.1', () => { ${set}; console.log('there') })`
  const child = spawn(process.execPath, [...args, '-e', script], {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill())
  await once(child.stdout, 'data')
  return child
}

withPsql("psql with libpq's defaults: exit code 1, because detection takes two hours", async (t) => {
  const port = await silentServer(t)
  const psql = spawn(findTool('psql') ?? '', [`host=127.0.0.1 port=${port} user=nobody dbname=none`], {
    stdio: 'ignore',
  })
  t.teardown(() => psql.kill('SIGKILL'))
  for (const end = Date.now() + PATIENCE_MS; connectionsOf(psql.pid).length === 0; await sleep(50)) {
    if (Date.now() > end) return t.fail('psql did not connect')
  }
  const { status, stdout } = check(psql.pid)
  t.is(status, 1)
  t.regex(stdout, new RegExp(`^~ {2}127\\.0\\.0\\.1:${port} +2 h 11 min +15 min +probe in `, 'm'))
  return t.is(cli('ps', String(psql.pid), '--check').status, 0) // keepalive is on
})

onLinux('SO_KEEPALIVE alone: exit code 1', async (t) => {
  const { pid } = await program(t, 'socket.setKeepAlive(true)')
  t.is(check(pid).status, 1)
  t.like(connectionsOf(pid), [{ protection: 'slow', values: { enabled: true, time: 7_200_000 } }])
})

onLinux('a time without a user timeout: exit code 1, as a write may hang', async (t) => {
  const { pid } = await program(t, 'socket.setKeepAlive(true, 20_000)')
  const { status, stdout } = check(pid)
  t.is(status, 1)
  t.regex(stdout, /^1 connection, 1 without user timeout$/m)
  t.regex(stdout, /^~ .* 30 s +15 min +probe in /m)
})

onLinux(
  'under register with a deadline of 60 s: exit code 0, and exit code 1 for a shorter one',
  async (t) => {
    const { pid } = await program(t, 'socket.setKeepAlive(true, 5000)', {
      args: ['--require=tcp-keepalive/register'],
      env: { TCP_KEEPALIVE_DETECT_WITHIN: '60s' },
    })
    t.like(connectionsOf(pid), [{ protection: 'protected' }])
    t.is(check(pid).status, 0)
    // With late timers it takes at most 59.6 s.
    t.is(cli('ps', String(pid), '--check', '--within', '59s').status, 1)
  },
)

onLinux(
  'several processes: one connection that does not fail in time is enough for exit code 1',
  async (t) => {
    const bare = await program(t, '')
    const good = await program(t, "require('tcp-keepalive').setKeepAlive(socket, { detectWithin: 30_000 })")
    t.is(check(good.pid).status, 0)
    const { status, stdout } = check(good.pid, bare.pid, good.pid)
    t.is(status, 1)
    t.is(stdout.match(/^\d+ .*$/gm)?.length, 4, stdout) // one title and one line of values for each process
    t.true(stdout.split('\n').every((line) => line.length <= 80))
  },
)

onLinux('ps shows the values that another process reads, and does not change them', async (t) => {
  const { client, close } = await connectedPair()
  t.teardown(close)
  setKeepAlive(client, { time: 17_000, interval: 3000, retries: 4, userTimeout: 25_000 })
  const before = readback(client)
  const fd = rawDescriptor(client)
  const found = connectionsOf(process.pid).find(({ descriptor }) => descriptor === fd)
  t.deepEqual(found?.values, {
    enabled: true,
    time: before.time * 1000,
    interval: before.interval * 1000,
    retries: before.retries,
    userTimeout: before.userTimeout,
  })
  t.deepEqual(readback(client), before)
})

/** User timeout and TCP_RTO_MAX_MS beside a deadline of a minute. */
const LIFTED = [
  ['the peer has closed its window', 0, 12_000],
  ['the peer answers and takes nothing', 924_600, 12_000],
  ['an answer of such a peer is overdue', 1_849_200, 18_000],
] as const
for (const [state, userTimeout, rtoMax] of LIFTED) {
  onLinux(`a user timeout that is lifted, as ${state}, counts as the deadline it belongs to`, async (t) => {
    const { client, close } = await connectedPair()
    t.teardown(close)
    setKeepAlive(client, { detectWithin: 60_000 })
    const fd = rawDescriptor(client)
    const lifted = native.setUserTimeout(fd, userTimeout, rtoMax) === 0 // TCP_RTO_MAX_MS: Linux 6.15
    const found = connectionsOf(process.pid).find(({ descriptor }) => descriptor === fd)
    t.like(found, { lifted, protection: lifted ? 'protected' : 'no-user-timeout' })
    const write = found?.detection?.write ?? 0
    t.true(lifted ? write === 60_000 : write >= 924_600, `${write} ms`)
    t.is(cli('ps', String(process.pid)).stdout.includes(' 1 min, lifted '), lifted)
  })
}

onLinux(
  'a user timeout that was lifted a moment ago counts as its deadline, before TCP_RTO_MAX_MS shows it',
  async (t) => {
    const { client, close } = await connectedPair()
    t.teardown(close)
    setKeepAlive(client, { detectWithin: 60_000 })
    const fd = rawDescriptor(client)
    const system = new Int32Array(6)
    native.systemKeepAlive(system)
    const lifted = native.setUserTimeout(fd, 0, (system[5] ?? 0) - 1000) === 0 // Linux 6.15
    const found = connectionsOf(process.pid).find(({ descriptor }) => descriptor === fd)
    t.like(found, { lifted, protection: lifted ? 'protected' : 'no-user-timeout' })
    // From the keepalive values: 53 s, late timers included.
    t.is(found?.detection?.write, lifted ? 59_625 : 924_600)
  },
)

onLinux('without the native binary ps only shows the timer, and no connection passes', async (t) => {
  const folder = temporary(t)
  cpSync(dirname(CLI), join(folder, 'dist'), { recursive: true })
  cpSync(join(dirname(CLI), '../package.json'), join(folder, 'package.json'))
  const { pid } = await program(t, 'socket.setKeepAlive(true, 20_000)')
  onlyTimer(t, join(folder, 'dist/cli.cjs'), pid, /Values not read: the native binary/)
})

function temporary(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

function onlyTimer(t: ExecutionContext, command: string, pid: number | undefined, why: RegExp): void {
  const args = [command, 'ps', String(pid), '--check', '--within', '60s']
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
  })
  t.is(status, 1)
  t.regex(stdout, /^\? {2}127\S+ +\? +\? +probe in /m)
  t.regex(stdout, why)
  t.true(stdout.split('\n').every((line) => line.length <= 80))
}

test('a duration without a unit is refused', (t) => {
  const { status, stderr } = cli('ps', '--within', '60')
  t.is(status, 2)
  t.regex(stderr, /^tcp-keepalive: --within: "60" is not a duration: a duration needs its unit: 60s or 60ms/)
})
