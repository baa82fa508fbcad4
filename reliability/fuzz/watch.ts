/** Reads the kernel's values of sockets again and again, and reports any that changed without being a target. */
import * as native from 'tcp-keepalive/native'
import type { Handle } from '../handles.ts'

interface Watched {
  readonly handle: Handle
  readonly fd: number
  readonly values: Int32Array
  readonly what: string
}

/** For {@link Watch.check}: no descriptor may have changed. */
export const NONE: ReadonlySet<number> = new Set()

const read = new Int32Array(5)

export class Watch {
  #watched: Watched[] = []
  readings = 0

  /** Watches a TCP socket, and ignores anything else. */
  add(handle: Handle | undefined, what: string): void {
    const fd = handle?.fd
    if (handle === undefined || typeof fd !== 'number' || fd < 0) return
    if (native.getKeepAlive(fd, read) === 0) this.#watched.push({ handle, fd, values: read.slice(), what })
  }

  forgetAll(): void {
    this.#watched = []
  }

  forgetClosed(): void {
    this.#watched = this.#watched.filter(({ handle, fd }) => handle.fd === fd)
  }

  /** Reads all. @throws if any has changed whose descriptor is not `allowed` to */
  check(allowed: ReadonlySet<number>): void {
    for (const { handle, fd, values, what } of this.#watched) {
      if (handle.fd !== fd) continue // closed meanwhile
      this.readings++
      const status = native.getKeepAlive(fd, read)
      if (status === 0 && values.every((value, index) => value === read[index])) continue
      if (status !== 0 || !allowed.has(fd)) {
        const [before, now] = [values.join('/'), read.join('/')]
        throw new Error(`${what}, descriptor ${fd}: the values were ${before}, and are ${now} (${status})`)
      }
      values.set(read)
    }
  }
}
