/** `tcp-keepalive drill` on running programs with pg and ioredis, as an ordinary user of the laboratory's client. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { ROOT } from '../../lab/command.ts'
import { type Lab, openLab } from '../../lab/network/lab.ts'
import { witness } from '../../lab/readback/readback.ts'
import { startPostgres } from '../../lab/servers/postgres.ts'
import { redis } from '../../lab/servers/redis.ts'
import type { DrillReport } from '../../src/cli/drill-findings.ts'
import { unless, withPostgres } from '../needs.ts'
import { CLI } from './command.ts'
import { screenOf } from './terminal-screen.ts'

const noRedis = redis.unavailable()
const withBoth = noRedis === undefined ? withPostgres : unless(noRedis)

const PROGRAM = join(ROOT, '__test__/cli/drill-program.mjs')
const REGISTER = ['--import', join(ROOT, 'dist/register.cjs')]
const MATCH = ['--match', '*:5432,*:6379']

interface Answered {
  readonly pg: number
  readonly redis: number
  readonly idle: number
}

/** The client's network, and the numbers that processes have outside, as /proc shows them. */
class Machine {
  readonly #entry: readonly string[]
  readonly host: string

  constructor(lab: Lab, host: string) {
    this.#entry = lab.client.entry.filter((word) => !word.startsWith('--pid='))
    this.host = host
  }

  /** Ends with the test: its standard input does. */
  start(words: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const [first = '', ...rest] = [...this.#entry, ...words]
    return spawn(first, rest, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NO_COLOR: '', ...env },
    })
  }

  async run(...words: string[]): Promise<{ code: number | null; printed: string }> {
    const program = this.start(words)
    const [printed] = await Promise.all([
      text(program.stdout as NodeJS.ReadableStream),
      once(program, 'exit'),
    ])
    return { code: program.exitCode, printed }
  }

  /** A program with its three connections, and its number. */
  async program(t: ExecutionContext, nodeArguments: readonly string[]): Promise<Running> {
    const words = [process.execPath, ...nodeArguments, PROGRAM, this.host, '6379']
    const program = this.start(words, { TCP_KEEPALIVE_DETECT_WITHIN: '6s' })
    t.teardown(() => program.kill('SIGKILL'))
    const running = new Running(this, program)
    await running.untilAnswered()
    return running
  }
}

class Running {
  readonly pid: string
  readonly #machine: Machine
  readonly #program: ChildProcess

  constructor(machine: Machine, program: ChildProcess) {
    this.#machine = machine
    this.#program = program
    this.pid = String(program.pid) // nsenter becomes the program, as no process namespace is entered
  }

  async answered(): Promise<Answered> {
    this.#program.stdin?.write('\n')
    const [line] = (await once(this.#program.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
    return JSON.parse(String(line)) as Answered
  }

  /** Until both that ask have been answered anew. */
  async untilAnswered(): Promise<void> {
    const before = await this.answered()
    for (;;) {
      const now = await this.answered()
      if (now.pg > before.pg && now.redis > before.redis && now.idle > 0) return
      await sleep(50)
    }
  }

  /** The options of each connection that there is, by its own port. */
  async options(): Promise<Map<number, object>> {
    const { printed } = await this.#machine.run(witness('readback'), this.pid)
    const all = JSON.parse(printed) as { localPort: number }[]
    return new Map(all.map((each) => [each.localPort, each]))
  }
}

async function openMachine(t: ExecutionContext): Promise<Machine> {
  const lab = await openLab(t)
  const servers = await Promise.all([startPostgres(lab.server), redis.start(lab.server)])
  t.teardown(async () => void (await Promise.all(servers.map((server) => server.stop()))))
  return new Machine(lab, lab.server.address)
}

withBoth('drill PID: under register all are told in time, and the program goes on', async (t) => {
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
  'drill PID in a terminal: without this package nobody is told, and all is as it was before',
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
    t.is(lines.filter((line) => /5432 PostgreSQL +idle +not in time: 2 h 11 min$/.test(line)).length, 1, all)
    t.regex(all, /^0 of 3 told within 3 s$/m)
    await program.untilAnswered() // on the very same connections
    t.deepEqual(await program.options(), before)
    t.regex(
      (await machine.run(process.execPath, CLI, 'drill', '--heal', program.pid)).printed,
      /^0 connections/,
    )
  },
)

withBoth('drill --new: what is connected meanwhile is cut off too, and works in the end', async (t) => {
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
})

withBoth('drill of somebody else, without a match, or of nothing that matches says so', async (t) => {
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
  t.regex(await said(program.pid), /^2 .*say which connections/)
  t.regex(await said(...MATCH), /^2 .*by its PID/)
  t.regex(await said(program.pid, '--match', '*:1'), /^1 .*has no such connection/)
  t.regex(await said('1', ...MATCH), /^1 .*belongs to somebody else/)
  t.deepEqual(await program.options(), before)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
  withBoth(`a drill that gets ${signal} leaves nothing cut off, or --heal does`, async (t) => {
    const machine = await openMachine(t)
    const program = await machine.program(t, [])
    const drill = machine.start([process.execPath, CLI, 'drill', program.pid, ...MATCH])
    await once(drill.stdout as NodeJS.ReadableStream, 'data')
    drill.kill(signal)
    await once(drill, 'exit')
    const { code, printed } = await machine.run(process.execPath, CLI, 'drill', '--heal', program.pid)
    t.is(code, 0)
    t.regex(printed, signal === 'SIGKILL' ? /^3 connections were cut off, and are healed/ : /^0 connections/)
    await program.untilAnswered()
  })
}

withBoth('drill -- COMMAND: the program drills itself, and is ended', async (t) => {
  const machine = await openMachine(t)
  const command = [process.execPath, ...REGISTER, PROGRAM, machine.host, '6379']
  const words = [process.execPath, CLI, 'drill', ...MATCH, '--within', '8s', '--json', '--', ...command]
  const program = machine.start(words, { TCP_KEEPALIVE_DETECT_WITHIN: '6s' })
  const [printed] = await Promise.all([text(program.stdout as NodeJS.ReadableStream), once(program, 'exit')])
  t.is(program.exitCode, 0, printed)
  const [report] = JSON.parse(printed) as [DrillReport]
  t.deepEqual(
    report.connections.map(({ fate, inTime }) => [fate, inTime]),
    [1, 2, 3].map(() => ['told', true]),
  )
})
