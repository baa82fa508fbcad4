import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The second argument of a function that runs on a host. */
export interface Inside {
  /** Sends an event to the test, with the time of the call. */
  tell(name: string, data?: unknown): void
  /** The next message of the test. */
  next<T = unknown>(): Promise<T>
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Arguments for Node itself, such as `['--import', 'tcp-keepalive/register']`. */
  readonly nodeArguments?: readonly string[]
  /** Another Node than the one that runs the tests. */
  readonly node?: string
}

export interface Told<T = unknown> {
  readonly name: string
  /** The time of the event: milliseconds since 1970 with fractions, the same clock as a capture's. */
  readonly at: number
  readonly data: T
}

/** The messages to the program, and from it. */
type ToProgram =
  | { readonly kind: 'begin'; readonly source: string; readonly args: unknown }
  | { readonly kind: 'message'; readonly message: unknown }

type FromProgram =
  | ({ readonly kind: 'told' } & Told)
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: SentError }

/** The properties of an error, such as `code`, because structured clone loses them. */
type SentError = Readonly<Record<'name' | 'message' | 'stack', string>>

/** The part of the host that a program uses. */
interface Ground {
  readonly name: string
  spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess
}

/**
 * A function that runs in a Node process on a host. The process gets the function's source text, so the function cannot use
 * variables of its file: it gets values as its argument, and modules by `await import()`. Arguments, results and messages are copied
 * by structured clone. After the function has returned, the process runs on while it has sockets or timers, until `stop()`.
 */
export class Program<R> {
  /** The function's result. Rejects with its error, or with the reason why the process ended. */
  readonly result: Promise<R>
  readonly events: Told[] = []
  readonly process: ChildProcess
  readonly #host: Ground
  readonly #news = new EventEmitter().setMaxListeners(0)
  readonly #taken = new Map<string, number>()
  #errorOutput = ''
  #ended: Error | undefined

  constructor(host: Ground, source: string, args: unknown, options: ProgramOptions) {
    this.#host = host
    const file = fileURLToPath(new URL('program-inside.mjs', import.meta.url))
    this.process = host.spawn(options.node ?? process.execPath, [...(options.nodeArguments ?? []), file], {
      env: { ...process.env, NODE_OPTIONS: '', ...options.env },
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      serialization: 'advanced',
    })
    this.process.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.#errorOutput += chunk))
    this.result = new Promise<R>((resolve, reject) => {
      this.process.on('message', (message) => this.#hear(message as FromProgram, resolve, reject))
      this.process.once('error', (error) => this.#end(error, reject))
      this.process.once('close', (code, signal) => this.#end(this.#reasonOfEnd(code, signal), reject))
    })
    this.result.catch(() => {}) // a caller may only use events
    this.#post({ kind: 'begin', source, args })
  }

  /** The next event of that name that no earlier call has returned. */
  async event<T = unknown>(name: string): Promise<Told<T>> {
    const place = this.#taken.get(name) ?? 0
    this.#taken.set(name, place + 1)
    for (;;) {
      const told = this.events.filter((event) => event.name === name)[place]
      if (told !== undefined) return told as Told<T>
      if (this.#ended !== undefined) throw this.#ended
      await once(this.#news, 'news')
    }
  }

  /** The data of all events of that name so far. */
  told<T>(name: string): T[] {
    return this.events.filter((event) => event.name === name).map(({ data }) => data as T)
  }

  /** Sends a message to the function's `next()`. */
  send(message: unknown): void {
    this.#post({ kind: 'message', message })
  }

  /** Kills the process; resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const gone = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await gone
  }

  #post(message: ToProgram): void {
    // If the program has just ended, its end is reported, not an error here.
    if (this.process.connected) this.process.send(message, () => {})
  }

  #hear(message: FromProgram, resolve: (result: R) => void, reject: (error: Error) => void): void {
    if (message.kind === 'result') return resolve(message.value as R)
    if (message.kind === 'error') return this.#end(this.#revive(message.error), reject)
    this.events.push(message)
    this.#news.emit('news')
    return undefined
  }

  #end(reason: Error, reject: (error: Error) => void): void {
    this.#ended ??= reason
    reject(reason)
    this.#news.emit('news')
  }

  #revive(sent: SentError): Error {
    const stack = `${sent.stack}\n    in a program on the ${this.#host.name}\n${this.#errorOutput}`.trimEnd()
    return Object.assign(new Error(sent.message), sent, { stack })
  }

  #reasonOfEnd(code: number | null, signal: NodeJS.Signals | null): Error {
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`
    return new Error(`The program on the ${this.#host.name} ended ${how}. ${this.#errorOutput}`.trimEnd())
  }
}
