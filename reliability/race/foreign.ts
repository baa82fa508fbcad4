/** What is opened in the tick in which a socket is closed: files, and TCP sockets with their own values. */
import { strict as assert } from 'node:assert'
import { closeSync, openSync } from 'node:fs'
import type net from 'node:net'
import * as native from 'tcp-keepalive/native'
import { readback } from '../../lab/readback/readback.ts'
import { NONE, Watch } from '../fuzz/watch.ts'
import { type Handle, openTcp } from '../handles.ts'
import type { Random } from '../random.ts'

/** Lower numbers may be free too, and the system gives these first. */
const MOST = 5

/** In the kernel's units. No call of the race has these values. */
const VALUES = [777, 33, 7, 98_765] as const

export class Foreign {
  readonly #server: net.Server
  readonly #random: Random
  readonly watch: Watch = new Watch()
  readonly #files: number[] = []
  readonly #handles: Handle[] = []
  /** How often a file, or a socket, got the number of the closed socket. */
  reusedByFile = 0
  reusedBySocket = 0

  constructor(server: net.Server, random: Random) {
    this.#server = server
    this.#random = random
  }

  /** Opens files or sockets until one gets this number, at most a few. */
  open(number: number): void {
    const isFile = this.#random.oneIn(3)
    for (let opened = 0; opened < MOST; opened++) {
      if ((isFile ? this.#openFile() : this.#openSocket()) !== number) continue
      this[isFile ? 'reusedByFile' : 'reusedBySocket']++
      break
    }
    this.#openSocket()
  }

  /** @throws if the values of a socket have changed */
  check(when: string): void {
    try {
      this.watch.check(NONE)
    } catch (cause) {
      throw new Error(`${when}: a foreign socket was changed`, { cause })
    }
  }

  /** After {@link check}. @throws if another process reads other values */
  checkFromOutside(): void {
    const [first] = this.#handles
    if (!first) return
    const values = new Int32Array(5)
    native.getKeepAlive(first.fd, values)
    const { enabled, time, interval, retries, userTimeout } = readback(first.fd)
    assert.deepEqual([enabled, time, interval, retries, userTimeout], [...values], 'read by another process')
  }

  close(): void {
    for (const file of this.#files.splice(0)) closeSync(file)
    for (const handle of this.#handles.splice(0)) handle.close()
    this.watch.forgetAll()
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
    this.watch.add(handle, 'a foreign socket')
    return handle.fd
  }
}
