/** Drills on short programs that connect to servers of this process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { ROOT } from '../../lab/command.ts'
import { CLI } from './command.ts'

/** The result of a drill that ends by itself, at the latest after this time. */
const PATIENCE_MS = 120_000

export interface Drilled {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A server that sends nothing, except what `answer` sends. */
export async function openPort(t: ExecutionContext, answer?: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).resume()
    answer?.(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy() // the client has ended without closing it
  })
  return (server.address() as AddressInfo).port
}

/**
 * Runs before a program's own lines: `open(options)` connects and sets values; `quiet` is a connection that handles its own end.
 */
export function programOf(port: number, lines: string): string {
  return `const { setKeepAlive } = require(${JSON.stringify(join(ROOT, 'dist/index.cjs'))})
    const net = require('node:net')
    const open = (options, port = ${port}) => {
      const socket = net.connect(port, '127.0.0.1')
      if (options) socket.on('connect', () => setKeepAlive(socket, options))
      return socket
    }
    const quiet = (options, port) => open(options, port).on('error', () => {})
    ${lines}`
}

export class Drilling {
  readonly #child: ChildProcess
  readonly #said = new EventEmitter()
  readonly #done: Promise<Drilled>
  #stdout = ''
  #stderr = ''

  constructor(t: ExecutionContext, words: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const env = { ...process.env, NO_COLOR: '1', ...more }
    const child = spawn(process.execPath, [CLI, 'drill', ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
      timeout: PATIENCE_MS,
    })
    t.teardown(() => child.kill('SIGKILL'))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#said.emit('said')
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#said.emit('said')
    })
    this.#child = child
    this.#done = once(child, 'close').then(() => ({
      code: child.exitCode,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  /** Like Ctrl-C. */
  interrupt(): void {
    this.#child.kill('SIGINT')
  }

  /** Like `| head -1`. */
  stopReading(): void {
    this.#child.stdout?.destroy()
  }

  get done(): Promise<Drilled> {
    return this.#done
  }

  /** Resolves when this was printed, or the drill has ended. */
  async untilSaid(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#stdout + this.#stderr) && this.#child.exitCode === null)
      await Promise.race([once(this.#said, 'said'), this.#done])
  }
}

/** `drill --match '*:PORT' OPTIONS -- node PROGRAM`. */
export function drillProgram(
  t: ExecutionContext,
  port: number,
  options: readonly string[],
  lines: string,
  env: NodeJS.ProcessEnv = {},
): Drilling {
  const folder = mkdtempSync(join(tmpdir(), 'drilled-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'program.cjs')
  writeFileSync(file, programOf(port, lines))
  const command = [process.execPath, file]
  return new Drilling(t, ['--match', `*:${port}`, ...options, '--', ...command], env)
}

/** The rows of the last table, without the peer. */
export function lastRows(stdout: string): string[] {
  const table = stdout.slice(stdout.lastIndexOf('WAS')).split('\n').slice(1)
  return table
    .filter((line) => / 127\.0\.0\.1:|^127\.0\.0\.1:/.test(line))
    .map((line) => line.replace(/^.*?127\S+ +/, ''))
}
