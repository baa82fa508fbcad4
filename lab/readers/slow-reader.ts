/** Peers on a host that read at a given speed: a method for each order of `lab/readback/src/bin/slow-reader.rs`. */
import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Host } from '../network/host.ts'
import { witness } from '../readback/readback.ts'

/** How a peer reads: so many bytes each so many milliseconds. */
export interface Pace {
  /** 0: nothing; -1: everything. */
  readonly bytes: number
  readonly every: number
  /**
   * Sets the receive buffer, in bytes. If it is smaller than the unread data, the kernel drops new data and answers with a window
   * of 0, as it does when the memory for all of TCP is used up.
   */
  readonly buffer?: number
}

export interface Listening {
  /** The receive buffer, in bytes; 0: the system's. */
  readonly buffer?: number
  /** It reads so many bytes at once, such as a TLS handshake. It reads more after the first {@link Pace}. */
  readonly atOnce?: number
}

export class SlowReader {
  readonly #program: ChildProcess
  readonly #news = new EventEmitter().setMaxListeners(0)
  readonly #lines: string[] = []
  #asked = 0

  /** @param onward the port on the host's loopback that gets everything it reads; by default it discards it */
  constructor(host: Host, onward?: number) {
    const args = onward === undefined ? [] : [String(onward)]
    this.#program = host.spawn(witness('slow-reader'), args, { stdio: ['pipe', 'pipe', 'ignore'] })
    this.#program.stdin?.on('error', () => {}) // if the host has already ended
    createInterface({ input: this.#program.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.#lines.push(line)
      this.#news.emit('news')
    })
  }

  /** @returns a port of its own, for one connection */
  async listen({ buffer = 0, atOnce = 0 }: Listening = {}): Promise<number> {
    this.#program.stdin?.write(`${buffer} ${atOnce}\n`)
    return Number(await this.#line('listening ', this.#asked++))
  }

  /** From now on, the connection to this port is read like this. */
  async read(port: number, { bytes, every, buffer }: Pace): Promise<void> {
    const connection = await this.#line(`accepted ${port} `)
    this.#program.stdin?.write(`${[connection, bytes, every, buffer].join(' ')}\n`)
  }

  /** The rest of a printed line with this beginning. */
  async #line(begin: string, place = 0): Promise<string> {
    for (;;) {
      const line = this.#lines.filter((each) => each.startsWith(begin))[place]
      if (line !== undefined) return line.slice(begin.length)
      await once(this.#news, 'news')
    }
  }
}
