/** The laboratory's client for drills: programs with connections to PostgreSQL and Redis, with the process IDs that /proc shows. */
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
import { redis } from '../../lab/servers/databases.ts'

/** A program with three connections: see that file. */
export const PROGRAM: string = join(ROOT, '__test__/cli/drill-program.mjs')

interface Answered {
  readonly pg: number
  readonly redis: number
  readonly idle: number
}

/** The client's network, and the process IDs that are visible outside, as /proc shows them. */
export class Machine {
  readonly #entry: readonly string[]
  readonly host: string

  constructor(lab: Lab, host: string) {
    this.#entry = lab.client.entry.filter((word) => !word.startsWith('--pid='))
    this.host = host
  }

  /** Ends with the test, because its standard input closes then. */
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

  /** The options of each connection of a process, read by another program. */
  async optionsOf(pid: string): Promise<string> {
    const { printed } = await this.run(witness('readback'), pid)
    return printed
  }

  /** A program with its three connections, and its process ID. */
  async program(t: ExecutionContext, nodeArguments: readonly string[]): Promise<Running> {
    const words = [process.execPath, ...nodeArguments, PROGRAM, this.host, '6379']
    const program = this.start(words, { TCP_KEEPALIVE_DETECT_WITHIN: '6s' })
    t.teardown(() => program.kill('SIGKILL'))
    const running = new Running(this, program)
    await running.untilAnswered()
    return running
  }
}

export class Running {
  readonly pid: string
  readonly #machine: Machine
  readonly #program: ChildProcess

  constructor(machine: Machine, program: ChildProcess) {
    this.#machine = machine
    this.#program = program
    this.pid = String(program.pid) // nsenter executes the program in its own process, because it enters no process namespace
  }

  async answered(): Promise<Answered> {
    this.#program.stdin?.write('\n')
    const [line] = (await once(this.#program.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
    return JSON.parse(String(line)) as Answered
  }

  /** Waits until both querying connections have received a new answer. */
  async untilAnswered(): Promise<void> {
    const before = await this.answered()
    for (;;) {
      const now = await this.answered()
      if (now.pg > before.pg && now.redis > before.redis && now.idle > 0) return
      await sleep(50)
    }
  }

  /** The options of each existing connection, by its local port. */
  async options(): Promise<Map<number, object>> {
    const all = JSON.parse(await this.#machine.optionsOf(this.pid)) as { localPort: number }[]
    return new Map(all.map((each) => [each.localPort, each]))
  }
}

/** The same without servers, for programs that start their own. */
export async function openBareMachine(t: ExecutionContext): Promise<Machine> {
  return new Machine(await openLab(t), '127.0.0.1')
}

export async function openMachine(t: ExecutionContext): Promise<Machine> {
  const lab = await openLab(t)
  const servers = await Promise.all([startPostgres(lab.server), redis.start(lab.server)])
  t.teardown(async () => void (await Promise.all(servers.map((server) => server.stop()))))
  return new Machine(lab, lab.server.address)
}
