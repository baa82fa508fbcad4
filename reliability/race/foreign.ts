/** What is opened in the tick in which a socket dies: files, and TCP sockets that hold values of their own. */
import { closeSync, openSync } from 'node:fs'
import type net from 'node:net'
import * as native from 'tcp-keepalive/native'
import { readback } from '../../lab/readback/readback.ts'
import { type Handle, openTcp } from '../handles.ts'
import type { Random } from '../random.ts'

/** Lower numbers may be free too, and go first. */
const MOST = 5

/** Enabled, seconds, seconds, a count, milliseconds: nobody in the race asks for these. */
const VALUES = [1, 777, 33, 7, 98_765] as const

interface Held {
  readonly handle: Handle
  readonly fd: number
  readonly held: Int32Array
}

export class Foreign {
  readonly #server: net.Server
  readonly #random: Random
  #files: number[] = []
  #handles: Handle[] = []
  #held: Held[] = []
  /** How often a file, or a socket, got the number of the dead one. */
  reusedByFile = 0
  reusedBySocket = 0
  readings = 0

  constructor(server: net.Server, random: Random) {
    this.#server = server
    this.#random = random
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
    const now = new Int32Array(5)
    for (const { handle, fd, held } of this.#held) {
      if (handle.fd !== fd) continue
      this.readings++
      if (native.getKeepAlive(fd, now) !== 0 || now.some((value, index) => value !== held[index])) {
        throw new Error(
          `${when}: descriptor ${fd}, a foreign socket, held ${held.join('/')}, now ${now.join('/')}`,
        )
      }
    }
  }

  /** As {@link check}, read by another process. */
  checkFromOutside(): void {
    const [first] = this.#held
    if (!first) return
    const { enabled, time, interval, retries, userTimeout } = readback(first.fd)
    const read = [enabled, time, interval, retries, userTimeout].join('/')
    if (read !== first.held.join('/'))
      throw new Error(`another process reads ${read}, not ${first.held.join('/')}`)
  }

  close(): void {
    for (const file of this.#files) closeSync(file)
    for (const handle of this.#handles) handle.close()
    this.#files = []
    this.#handles = []
    this.#held = []
  }

  #openFile(): number {
    const fd = openSync('/dev/null', 'r')
    this.#files.push(fd)
    return fd
  }

  #openSocket(): number {
    const handle = openTcp(this.#server)
    this.#handles.push(handle)
    const [, ...values] = VALUES
    if (this.#random.oneIn(2)) native.setKeepAlive(handle.fd, true, ...values)
    this.#hold(handle)
    return handle.fd
  }

  #hold(handle: Handle): void {
    const held = new Int32Array(5)
    if (native.getKeepAlive(handle.fd, held) === 0) this.#held.push({ handle, fd: handle.fd, held })
  }
}
