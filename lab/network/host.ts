import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { Addresses, HostName } from './links.ts'
import { enterMachine, enterNetwork, openMachine, type Holder, type UserNamespace } from './namespaces.ts'
import { Program, type Inside, type ProgramOptions } from './program.ts'
import { needTool, toolFolders } from './tools.ts'

/** A function whose source text is sent to a process on the host. */
type Sent<A, R> = (args: A, inside: Inside) => R | Promise<R>

export class Host {
  readonly name: HostName
  /** Its IPv4 address on the link. The router has two; this is the one on the client's side. */
  readonly address: string
  readonly address6: string
  readonly #user: UserNamespace
  #machine: Holder

  private constructor(name: HostName, addresses: Addresses, user: UserNamespace, machine: Holder) {
    this.name = name
    this.address = addresses.address
    this.address6 = addresses.address6
    this.#user = user
    this.#machine = machine
  }

  static async open(name: HostName, addresses: Addresses, user: UserNamespace): Promise<Host> {
    return new Host(name, addresses, user, await openMachine(user))
  }

  /** The process that keeps the host's namespaces, by its number in the outer system. A restart changes it. */
  get pid(): number {
    return this.#machine.pid
  }

  /** The words before a command that run it on this host, for a person at another terminal. */
  get entry(): readonly string[] {
    return enterMachine(this.#user, this.#machine)
  }

  /**
   * Starts any program on this host. It ends with the host, with this process, or by `kill()`, which signals the
   * program itself. Arguments and options are those of `child_process.spawn`.
   */
  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    const parent = ['--no-fork', 'sh', '-c', waitForProgram, 'sh']
    const dieWithParent = [needTool('setpriv'), '--pdeathsig', 'KILL', '--']
    const [first = '', ...rest] = [...this.entry, ...parent, ...dieWithParent, command, ...args]
    const child = spawn(first, rest, options)
    child.kill = (signal = 'SIGTERM') => killProgram(child, signal)
    return child
  }

  /** Starts a function in a Node process on this host. {@link Program} says which values it can get. */
  start<R>(fn: Sent<undefined, R>): Program<R>
  start<A, R>(fn: Sent<A, R>, args: A, options?: ProgramOptions): Program<R>
  start<R>(fn: Sent<never, R>, args?: unknown, options: ProgramOptions = {}): Program<R> {
    return new Program<R>(this, fn.toString(), args, options)
  }

  /** Starts a function that a module of plain JavaScript exports by this name. It gets `args` and {@link Inside}. */
  startModule(module: URL, name: string, args: unknown, options: ProgramOptions = {}): Program<void> {
    const call: Sent<{ module: string; name: string; args: unknown }, void> = async (given, inside) => {
      const exported = (await import(given.module)) as Record<string, (...all: unknown[]) => Promise<void>>
      await exported[given.name]?.(given.args, inside)
    }
    return this.start(call, { module: module.href, name, args }, options)
  }

  /** Runs a function in a Node process on this host, and ends the process. Resolves with its result, or rejects with its error. */
  async run<R>(fn: Sent<undefined, R>): Promise<R>
  async run<A, R>(fn: Sent<A, R>, args: A, options?: ProgramOptions): Promise<R>
  async run<R>(fn: Sent<never, R>, args?: unknown, options: ProgramOptions = {}): Promise<R> {
    const program = new Program<R>(this, fn.toString(), args, options)
    try {
      return await program.result
    } finally {
      await program.stop()
    }
  }

  /** Runs a shell script with this host's network and the outer system's processes. */
  async configure(script: string): Promise<void> {
    const [first = '', ...rest] = [...enterNetwork(this.#user, this.#machine), 'sh', '-eu']
    const env = { ...process.env, PATH: toolFolders.join(':') }
    const shell = spawn(first, rest, { env, stdio: ['pipe', 'ignore', 'pipe'] })
    shell.stdin.on('error', () => {}) // a script that fails early does not read the rest
    shell.stdin.end(script)
    const [complaint, [code]] = await Promise.all([text(shell.stderr), once(shell, 'exit')])
    if (code !== 0) throw new Error(`The ${this.name} could not be set up: ${complaint.trim()}`)
  }

  /** Ends all programs of this host, and its network. */
  async end(): Promise<void> {
    await this.#machine.end()
  }

  /** Restarts the machine. Its programs, connections and links are gone. */
  async restart(): Promise<void> {
    await this.end()
    this.#machine = await openMachine(this.#user)
  }
}

/**
 * Only a new process can be in another process namespace. So each program has a parent that waits for it and ends in the
 * same way. The parent is a shell: `nsenter` could do the same, but it stops when the program is stopped, and then does not
 * notice its end.
 */
const waitForProgram = '"$@"; code=$?; [ $code -le 128 ] || kill -$((code - 128)) $$; exit $code'

/** Signals the program, not the shell that waits for it. */
function killProgram(child: ChildProcess, signal: NodeJS.Signals | number): boolean {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return false
  try {
    process.kill(onlyChildOf(child.pid) ?? child.pid, signal)
    return true
  } catch {
    return false // it has just ended
  }
}

function onlyChildOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()) || undefined
  } catch {
    return undefined // it has ended, or the kernel keeps no such list (CONFIG_PROC_CHILDREN)
  }
}
