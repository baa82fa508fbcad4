/** Peers on a host that read in their own way: what `lab/readback/src/bin/slow-reader.rs` does, by a call each. */
import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Host } from '../network/host.ts'
import { witness } from '../readback/readback.ts'

/** How a peer reads: so many bytes each so many milliseconds. */
export interface Pace {
  /** 0: nothing; -1: whatever comes. */
  readonly bytes: number
  readonly every: number
  /**
   * From now on the receive buffer, in bytes. Where it is smaller than what is unread, the kernel drops what it is sent and answers with a
   * window of 0, as it does where the memory of all of TCP is used up.
   */
  readonly buffer?: number
}

export interface Listening {
  /** The receive buffer, in bytes; 0: the system's own. */
  readonly buffer?: number
  /** So many bytes are read at once, such as a TLS handshake; what comes later waits for the first {@link Pace}. */
  readonly atOnce?: number
}

export class SlowReader {
  readonly #program: ChildProcess
  readonly #news = new EventEmitter().setMaxListeners(0)
  readonly #ports: number[] = []
  readonly #connections = new Map<number, string>()

  /** @param onward the port on the host's loopback to which all goes on that is read; left out: it is thrown away */
  constructor(host: Host, onward?: number) {
    const args = onward === undefined ? [] : [String(onward)]
    this.#program = host.spawn(witness('slow-reader'), args, { stdio: ['pipe', 'pipe', 'ignore'] })
    this.#program.stdin?.on('error', () => {}) // where the host has ended before
    createInterface({ input: this.#program.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const [word, port, connection = ''] = line.split(' ')
      if (word === 'listening') this.#ports.push(Number(port))
      else if (word === 'accepted') this.#connections.set(Number(port), connection)
      this.#news.emit('news')
    })
  }

  /** @returns a port of its own, for one connection */
  async listen({ buffer = 0, atOnce = 0 }: Listening = {}): Promise<number> {
    const place = this.#asked++
    this.#program.stdin?.write(`${buffer} ${atOnce}\n`)
    for (;;) {
      const port = this.#ports[place]
      if (port !== undefined) return port
      await once(this.#news, 'news')
    }
  }
  #asked = 0

  /** From now on, whoever has connected to this port is read so. */
  async read(port: number, { bytes, every, buffer }: Pace): Promise<void> {
    for (;;) {
      const connection = this.#connections.get(port)
      if (connection !== undefined) {
        const size = buffer === undefined ? '' : ` ${buffer}`
        this.#program.stdin?.write(`${connection} ${bytes} ${every}${size}\n`)
        return
      }
      await once(this.#news, 'news')
    }
  }
}
