/** A peer in another process that reads at a given speed and can be cut off. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { ExecutionContext } from 'ava'
import { witness } from '../../lab/readback/readback.ts'

export class Reader {
  readonly port: number
  readonly #process: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, null>,
    lines: AsyncIterator<string>,
    port: number,
  ) {
    this.#process = child
    this.#lines = lines
    this.port = port
  }

  /** @param receiveBuffer in bytes; 0: the system's */
  static async start(t: ExecutionContext, receiveBuffer = 0): Promise<Reader> {
    const child = spawn(witness('slow-reader'), [], { stdio: ['pipe', 'pipe', 'inherit'] })
    t.teardown(() => child.kill())
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    child.stdin.write(`${receiveBuffer} 0\n`)
    return new Reader(child, lines, Number(await next(lines, 'listening')))
  }

  read(bytes: number, everyMs: number): void {
    this.#process.stdin.write(`0 ${bytes} ${everyMs}\n`)
  }

  cut(): void {
    this.#process.stdin.write('0\n')
  }

  /** How the connection ended, and how many bytes were read. */
  async end(): Promise<string> {
    for await (const line of { [Symbol.asyncIterator]: () => this.#lines }) {
      const [how, , bytes] = line.split(' ')
      if (how === 'end' || how === 'lost') return `${how} ${bytes}`
    }
    throw new Error('the reader has ended before its connection')
  }

  async connect(t: ExecutionContext): Promise<net.Socket> {
    const socket = net.connect(this.port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    await next(this.#lines, 'accepted')
    return socket
  }
}

/** The word after `begin` in the next line. Throws if that line does not begin with `begin`. */
async function next(lines: AsyncIterator<string>, begin: string): Promise<string> {
  const { value } = await lines.next()
  const [word, first = ''] = String(value).split(' ')
  if (word !== begin) throw new Error(`not ${begin}, but: ${value}`)
  return first
}
