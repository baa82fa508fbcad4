import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a function that runs on a host gets as its second argument. */
export interface Inside {
  /** Tells the test something; the clock is read at the call. */
  tell(name: string, data?: unknown): void
  /** The next message that the test has sent. */
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
  /** When it was told: milliseconds since 1970 with fractions, the same clock as a capture's. */
  readonly at: number
  readonly data: T
}

/** What travels to the program, and from it. */
type ToProgram =
  | { readonly kind: 'begin'; readonly source: string; readonly args: unknown }
  | { readonly kind: 'message'; readonly message: unknown }

type FromProgram =
  | { readonly kind: 'told'; readonly name: string; readonly at: number; readonly data: unknown }
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: SentError }

/** An error by its parts: structured clone keeps neither `code` nor the class of an error. */
interface SentError {
  readonly name: string
  readonly message: string
  readonly stack: string
  /** Such as `code`, `errno`, `syscall`, `address` and `port`. */
  readonly properties: Readonly<Record<string, string | number | boolean>>
}

/** What a program needs of the host that it runs on. */
interface Ground {
  readonly name: string
  spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess
}

/**
 * A function at work in a Node process on a host. Its source text is what travels, so it sees nothing of the
 * file it stands in: values come as its argument, modules by `await import()` inside it. Arguments, results and
 * messages are copied by structured clone. The process goes on after the function has returned, for as long
 * as it has sockets or timers, or until it is stopped.
 */
export class Program<R> {
  /** What the function returned. Rejects with what it threw, or with why the process ended before. */
  readonly result: Promise<R>
  /** Everything told so far. */
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
      this.process.once('close', (code, signal) => this.#end(this.#epitaph(code, signal), reject))
    })
    this.result.catch(() => {}) // whoever only listens to events need not wait for the result
    this.#post({ kind: 'begin', source, args })
  }

  /** The next event of that name which no earlier call has taken, be it past or to come. */
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

  /** What has come with the events of that name so far. */
  told<T>(name: string): T[] {
    return this.events.filter((event) => event.name === name).map(({ data }) => data as T)
  }

  /** Delivers a message to the function's `next()`. */
  send(message: unknown): void {
    this.#post({ kind: 'message', message })
  }

  /** Kills the process; resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const gone = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await gone
  }

  #post(message: ToProgram): void {
    // A program that has just ended is heard of by its end, not by an error here.
    if (this.process.connected) this.process.send(message, () => {})
  }

  #hear(message: FromProgram, resolve: (result: R) => void, reject: (error: Error) => void): void {
    if (message.kind === 'result') return resolve(message.value as R)
    if (message.kind === 'error') return this.#end(this.#revive(message.error), reject)
    this.events.push({ name: message.name, at: message.at, data: message.data })
    this.#news.emit('news')
    return undefined
  }

  #end(reason: Error, reject: (error: Error) => void): void {
    this.#ended ??= reason
    reject(reason)
    this.#news.emit('news')
  }

  #revive({ name, message, stack, properties }: SentError): Error {
    const error = Object.assign(new Error(message), properties)
    if (name !== 'Error') error.name = name
    error.stack = `${stack}\n    in a program on the ${this.#host.name}\n${this.#errorOutput}`.trimEnd()
    return error
  }

  #epitaph(code: number | null, signal: NodeJS.Signals | null): Error {
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`
    return new Error(`The program on the ${this.#host.name} ended ${how}. ${this.#errorOutput}`.trimEnd())
  }
}
