/** What is opened in the tick in which a socket dies: files, and TCP sockets that hold values of their own. */
import { closeSync, openSync } from 'node:fs'
import type net from 'node:net'
import * as native from 'tcp-keepalive/native'
import { readback } from '../../lab/readback/readback.ts'
import { Watch } from '../fuzz/watch.ts'
import { type Handle, openTcp } from '../handles.ts'
import type { Random } from '../random.ts'

/** Lower numbers may be free too, and go first. */
const MOST = 5

/** Seconds, seconds, a count, milliseconds: nobody in the race asks for these. */
const VALUES = [777, 33, 7, 98_765] as const

/** No descriptor of theirs may change. */
const NONE: ReadonlySet<number> = new Set()

export class Foreign {
  readonly #server: net.Server
  readonly #random: Random
  readonly #watch = new Watch()
  #files: number[] = []
  #handles: Handle[] = []
  /** How often a file, or a socket, got the number of the dead one. */
  reusedByFile = 0
  reusedBySocket = 0

  constructor(server: net.Server, random: Random) {
    this.#server = server
    this.#random = random
  }

  get readings(): number {
    return this.#watch.readings
  }

  /** Opens files or sockets until one has this number, or a few have not. */
  open(number: number): void {
    const isFile = this.#random.oneIn(3)
    for (let opened = 0; opened < MOST; opened++) {
      const fd = isFile ? this.#openFile() : this.#openSocket()
      if (fd !== number) continue
      if (isFile) this.reusedByFile++
      else this.reusedBySocket++
      break
    }
    this.#openSocket()
  }

  /** @throws where a socket does not hold what it held */
  check(when: string): void {
    try {
      this.#watch.check(NONE)
    } catch (cause) {
      throw new Error(`${when}: a foreign socket was touched`, { cause })
    }
  }

  /** After {@link check}: @throws where another process reads something else */
  checkFromOutside(): void {
    const [first] = this.#handles
    if (!first) return
    const held = new Int32Array(5)
    native.getKeepAlive(first.fd, held)
    const { enabled, time, interval, retries, userTimeout } = readback(first.fd)
    const read = [enabled, time, interval, retries, userTimeout].join('/')
    if (read !== held.join('/')) throw new Error(`another process reads ${read}, not ${held.join('/')}`)
  }

  close(): void {
    for (const file of this.#files) closeSync(file)
    for (const handle of this.#handles) handle.close()
    this.#files = []
    this.#handles = []
    this.#watch.forgetAll()
  }

  #openFile(): number {
    const fd = openSync('/dev/null', 'r')
    this.#files.push(fd)
    return fd
  }

  #openSocket(): number {
    const handle = openTcp(this.#server)
    this.#handles.push(handle)
    if (this.#random.oneIn(2)) native.setKeepAlive(handle.fd, true, ...VALUES)
    this.#watch.add(handle, 'a foreign socket')
    return handle.fd
  }
}
