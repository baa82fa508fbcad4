/** Reads the kernel's values of sockets again and again, and reports any that changed without being a target. */
import * as native from 'tcp-keepalive/native'
import { type Handle, handleOf } from '../handles.ts'

/** A socket, and its values when they were last read. */
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
  /** How often a socket was read back. */
  readings = 0

  /** Watches a TCP socket, and ignores anything else. */
  add(handle: Handle | undefined, what: string): void {
    const fd = handle?.fd
    if (handle === undefined || typeof fd !== 'number' || fd < 0) return
    if (native.getKeepAlive(fd, read) === 0) this.#watched.push({ handle, fd, values: read.slice(), what })
  }

  addAll(targets: Iterable<object>, what: string): void {
    for (const target of targets) this.add(handleOf(target), what)
  }

  /** The descriptors that are watched. */
  descriptors(): readonly number[] {
    this.forgetClosed()
    return this.#watched.map(({ fd }) => fd)
  }

  forgetAll(): void {
    this.#watched = []
  }

  forgetClosed(): void {
    this.#watched = this.#watched.filter(({ handle, fd }) => handle.fd === fd)
  }

  /**
   * Reads all.
   *
   * @param allowed the descriptors that may have changed
   * @throws if any other has changed
   */
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
