/** `tcp-keepalive drill` on running programs with pg and ioredis, as an ordinary user of the laboratory's client. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../lab/command.ts'
import { findTool, needTool } from '../../lab/network/tools.ts'
import { redis } from '../../lab/servers/databases.ts'
import type { DrillReport } from '../../src/cli/drill-findings.ts'
import { unless, withPostgres } from '../needs.ts'
import { cli, CLI } from './command.ts'
import { openMachine, PROGRAM } from './drill-machine.ts'
import { screenOf } from './terminal-screen.ts'

const noRedis = redis.unavailable()
const withBoth = noRedis === undefined ? withPostgres : unless(noRedis)

const REGISTER = ['--import', join(ROOT, 'dist/register.cjs')]
const MATCH = ['--match', '*:5432,*:6379']

withBoth('drill PID: under register every connection fails in time, and the program continues', async (t) => {
  const machine = await openMachine(t)
  const program = await machine.program(t, REGISTER)
  const drill = [process.execPath, CLI, 'drill', program.pid, ...MATCH]
  const { code, printed } = await machine.run(...drill, '--within', '8s', '--json')
  const report = JSON.parse(printed) as DrillReport
  t.is(code, 0, printed)
  t.is(report.connections.length, 3)
  for (const { fate, toldAfter = 0, toldBy, inTime } of report.connections) {
    t.deepEqual([fate, toldBy, inTime], ['told', 'kernel', true])
    t.true(toldAfter > 3000)
  }
  t.true(report.healed)
  t.truthy(report.newConnectionAfter)
  await program.untilAnswered()
})

withBoth(
  'drill PID in a terminal: without this package no connection fails, and everything is as before',
  async (t) => {
    const machine = await openMachine(t)
    const program = await machine.program(t, [])
    const before = await program.options()
    t.is(before.size, 3)
    const drill = [process.execPath, CLI, 'drill', program.pid, ...MATCH, '--within', '3s'].join(' ')
    const recorded = await machine.run('script', '-qec', `stty cols 80 rows 24; exec ${drill}`, '/dev/null')
    t.is(recorded.code, 1)
    const { lines, wrapped } = await screenOf(recorded.printed, { columns: 80, rows: 24 })
    const all = lines.join('\n')
    t.is(wrapped, 0)
    t.is(
      lines.filter((line) => /5432 PostgreSQL +(writing|waiting) +not in time: about 15 minutes$/.test(line))
        .length,
      1,
      all,
    )
    t.is(
      lines.filter((line) => /6379 Redis +(writing|waiting) +not in time: about 15 minutes$/.test(line))
        .length,
      1,
      all,
    )
    t.is(
      lines.filter((line) => /5432 PostgreSQL +(?:idle|silent) +not in time: 2 h 11 min$/.test(line)).length,
      1,
      all,
    )
    t.regex(all, /^0 of 3 detected within 3 s$/m)
    await program.untilAnswered() // on the very same connections
    t.deepEqual(await program.options(), before)
    t.regex(
      (await machine.run(process.execPath, CLI, 'drill', '--heal', program.pid)).printed,
      /^nothing there is cut off/,
    )
  },
)

withBoth(
  'drill PID in a terminal: under register every connection fails in time, and new connections have the same values',
  async (t) => {
    const machine = await openMachine(t)
    const program = await machine.program(t, REGISTER)
    /** Without the ports, because all connections are new afterwards. Without the number, because pg emits twice for one loss. */
    const values = async (): Promise<Set<string>> => {
      const all = [...(await program.options()).values()]
      return new Set(all.map((each) => JSON.stringify({ ...each, localPort: 0 })))
    }
    const before = await values()
    t.is(before.size, 2) // one of PostgreSQL and one of Redis
    const drill = [process.execPath, CLI, 'drill', program.pid, ...MATCH, '--within', '8s'].join(' ')
    const recorded = await machine.run('script', '-qec', `stty cols 80 rows 24; exec ${drill}`, '/dev/null')
    const { lines, wrapped } = await screenOf(recorded.printed, { columns: 80, rows: 24 })
    const all = lines.join('\n')
    t.is(recorded.code, 0, all)
    t.is(wrapped, 0)
    const told = (peer: string): number =>
      lines.filter((line) => new RegExp(`:${peer} +(writing|waiting|idle) +after \\d\\.\\d s$`).test(line))
        .length
    t.deepEqual([told('5432 PostgreSQL'), told('6379 Redis')], [2, 1], all)
    t.regex(
      all,
      /^3 of 3 detected within 8 s\na new connection was there after \d+\.\d s\neverything is put back$/m,
    )
    await program.untilAnswered()
    t.deepEqual(await values(), before)
  },
)

withBoth('drill PID as JSON: without this package, how long each connection would take', async (t) => {
  const machine = await openMachine(t)
  const program = await machine.program(t, [])
  const before = await program.options()
  const drill = [process.execPath, CLI, 'drill', program.pid, ...MATCH]
  const { code, printed } = await machine.run(...drill, '--within', '3s', '--json')
  const { connections, healed } = JSON.parse(printed) as DrillReport
  t.is(code, 1, printed)
  t.true(healed)
  t.deepEqual(
    connections.map(({ fate, inTime, toldAfter }) => [fate, inTime, toldAfter]),
    [1, 2, 3].map(() => ['late', false, undefined]),
  )
  // The two querying connections are writing by then: about 15 minutes. The idle one takes 2 h 11 min 15 s.
  const minutes = connections.map(({ wouldTake }) => Math.round(wouldTake / 60_000)).toSorted((a, b) => a - b)
  t.deepEqual(minutes, [15, 15, 131], printed)
  await program.untilAnswered()
  t.deepEqual(await program.options(), before)
})

/** The program's output must not be mixed with the JSON. */
const NOISY = ['sh', '-c', 'echo noise; exec "$0" "$@"']

const withPsql = findTool('psql')
  ? withBoth
  : unless('psql is not installed (Debian package postgresql-client).')

withPsql(
  'drill PID: no hook reaches a native client, so it gets no error under register either',
  async (t) => {
    const machine = await openMachine(t)
    const words = [needTool('psql'), `host=${machine.host} user=postgres dbname=postgres`, '-AtqX']
    const psql = machine.start(words, { NODE_OPTIONS: `--require ${join(ROOT, 'dist/register.cjs')}` })
    t.teardown(() => psql.kill('SIGKILL'))
    const answers = createInterface(psql.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]()
    const ask = (number: number): void => void psql.stdin?.write(`select ${number};\n`)
    const answer = async (): Promise<number> => Number((await answers.next()).value)
    ask(1)
    t.is(await answer(), 1)
    const options = (): Promise<string> => machine.optionsOf(String(psql.pid))
    const before = await options()
    t.regex(before, /"time":7200,"interval":75,"retries":9,"userTimeout":0/)
    /** Returns the final output. Calls `meanwhile` when the connection is cut off. */
    const drilled = async (meanwhile: () => void): Promise<string> => {
      const drill = machine.start([
        process.execPath,
        CLI,
        'drill',
        String(psql.pid),
        ...MATCH,
        '--within',
        '3s',
      ])
      const printed = text(drill.stdout as NodeJS.ReadableStream)
      await once(drill.stdout as NodeJS.ReadableStream, 'data')
      meanwhile()
      await once(drill, 'exit')
      t.is(drill.exitCode, 1, await printed)
      return printed
    }
    const last = '0 of 1 detected within 3 s\neverything is put back\n'
    const row = (what: string): RegExp => new RegExp(`:5432 PostgreSQL +${what}\n${last}$`)
    t.regex(await drilled(() => {}), row('(?:idle|silent) +not in time: 2 h 11 min'))
    t.regex(await drilled(() => ask(2)), row('writing +not in time: about 15 minutes'))
    t.is(await answer(), 2) // the requests made during the drill are answered now
    ask(3)
    t.is(await answer(), 3)
  },
)

withBoth(
  'drill --new: connections opened during the drill are cut off too, and work afterwards',
  async (t) => {
    const machine = await openMachine(t)
    const program = await machine.program(t, REGISTER)
    const drill = [process.execPath, CLI, 'drill', program.pid, ...MATCH, '--new', '--for', '9s', '--json']
    const { printed } = await machine.run(...drill)
    const { connections, healed, newConnectionAfter } = JSON.parse(printed) as DrillReport
    t.is(connections.filter(({ isNew, fate }) => !isNew && fate === 'told').length, 3, printed)
    t.true(
      connections.some(({ isNew }) => isNew),
      printed,
    )
    t.is(newConnectionAfter, undefined)
    t.true(healed)
    await program.untilAnswered()
  },
)

withBoth(
  "drill on another user's process, without a match, or with a match that fits nothing reports the reason",
  async (t) => {
    const machine = await openMachine(t)
    const program = await machine.program(t, [])
    const before = await program.options()
    const said = async (...args: string[]): Promise<string> => {
      const { code, printed } = await machine.run(
        'sh',
        '-c',
        `"$@" 2>&1`,
        'sh',
        process.execPath,
        CLI,
        'drill',
        ...args,
      )
      return `${code} ${printed}`
    }
    t.regex(await said(program.pid), /^2 .*say which connections to break/)
    t.regex(await said(...MATCH), /^2 .*by its PID/)
    t.regex(
      await said(program.pid, '--match', '*:1'),
      /^1 .*has no matching connection: it is connected to .*:5432/,
    )
    t.regex(await said('1', ...MATCH), /^1 .*(belongs to another user|may not be read)/)
    t.deepEqual(await program.options(), before)
  },
)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
  withBoth(`after ${signal}, a drill or drill --heal restores every connection`, async (t) => {
    const machine = await openMachine(t)
    const program = await machine.program(t, [])
    const drill = machine.start([process.execPath, CLI, 'drill', program.pid, ...MATCH])
    await once(drill.stdout as NodeJS.ReadableStream, 'data')
    drill.kill(signal)
    await once(drill, 'exit')
    const { code, printed } = await machine.run(process.execPath, CLI, 'drill', '--heal', program.pid)
    t.is(code, 0)
    t.regex(
      printed,
      signal === 'SIGKILL' ? /^3 connections were cut off, and are restored/ : /^nothing there is cut off/,
    )
    await program.untilAnswered()
  })
}

const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux can cut a connection off.')

onLinux('drill -- COMMAND also ends everything that the command has started', async (t) => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const script = `require('net').connect(${port}, '127.0.0.1').on('error', () => {}); console.log('pid', process.pid)`
  // A shell that stays, like npm's.
  const words = [
    '--match',
    `*:${port}`,
    '--within',
    '1s',
    '--',
    'sh',
    '-c',
    '"$@"; true',
    'sh',
    process.execPath,
    '-e',
    script,
  ]
  const drill = spawn(process.execPath, [CLI, 'drill', ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed] = await Promise.all([text(drill.stdout), once(drill, 'exit')])
  t.is(drill.exitCode, 1, printed)
  const pid = Number(/^pid (\d+)$/m.exec(printed)?.[1])
  t.true(pid > 0)
  while (existsSync(`/proc/${pid}`)) await sleep(50) // the process may take some time to end
  t.pass()
})

onLinux(
  'drill -- COMMAND that never has a matching connection says what it waits for, and how the command ended',
  (t) => {
    const words = ['drill', '--match', '*:1,*:2', '--', process.execPath, '-e', 'setTimeout(() => {}, 500)']
    const { stderr, ...rest } = cli(...words)
    // On a slow machine it also says that it still waits.
    t.deepEqual(
      { ...rest, stderr: stderr.replaceAll(/^tcp-keepalive: still waiting: .*\n/gm, '') },
      {
        status: 1,
        stdout: '',
        stderr:
          'tcp-keepalive: the drill begins three seconds after the program has a connection to *:1 or *:2\n' +
          'tcp-keepalive: the program has ended before it had a matching connection\n',
      },
    )
  },
)

withBoth('drill -- COMMAND: the program drills itself, and is ended', async (t) => {
  const machine = await openMachine(t)
  const command = [process.execPath, ...REGISTER, PROGRAM, machine.host, '6379']
  const words = [
    process.execPath,
    CLI,
    'drill',
    ...MATCH,
    '--within',
    '8s',
    '--json',
    '--',
    ...NOISY,
    ...command,
  ]
  const program = machine.start(words, { TCP_KEEPALIVE_DETECT_WITHIN: '6s' })
  const [printed] = await Promise.all([text(program.stdout as NodeJS.ReadableStream), once(program, 'exit')])
  t.is(program.exitCode, 0, printed)
  const [report] = JSON.parse(printed) as [DrillReport]
  t.deepEqual(
    report.connections.map(({ fate, inTime }) => [fate, inTime]),
    [1, 2, 3].map(() => ['told', true]),
  )
})
