/** What sockets hold in the kernel, read again and again: whatever changes without having been the target is told. */
import * as native from 'tcp-keepalive/native'
import { type Handle, handleOf } from '../handles.ts'

/** A socket, and what it held when it was read last. */
interface Watched {
  readonly handle: Handle
  readonly fd: number
  readonly held: Int32Array
  readonly what: string
}

const read = new Int32Array(5)

export class Watch {
  #watched: Watched[] = []
  /** How often a socket was read back. */
  readings = 0

  /** Watches one more TCP socket; anything else is passed over. */
  add(handle: Handle | undefined, what: string): void {
    const fd = handle?.fd
    if (handle === undefined || typeof fd !== 'number' || fd < 0) return
    if (native.getKeepAlive(fd, read) === 0) this.#watched.push({ handle, fd, held: read.slice(), what })
  }

  addAll(targets: Iterable<object>, what: string): void {
    for (const target of targets) this.add(handleOf(target), what)
  }

  /** The descriptors that are watched. */
  *descriptors(): Iterable<number> {
    for (const { handle, fd } of this.#watched) if (handle.fd === fd) yield fd
  }

  forgetAll(): void {
    this.#watched = []
  }

  forgetClosed(): void {
    this.#watched = this.#watched.filter(({ handle, fd }) => handle.fd === fd)
  }

  /**
   * Reads them all.
   *
   * @param allowed the descriptors that may have changed
   * @throws for one that has changed though it is not among them
   */
  check(allowed: ReadonlySet<number>): void {
    for (const { handle, fd, held, what } of this.#watched) {
      if (handle.fd !== fd) continue // closed meanwhile
      this.readings++
      const status = native.getKeepAlive(fd, read)
      if (status === 0 && areSame(held, read)) continue
      if (status !== 0 || !allowed.has(fd)) {
        throw new Error(
          `${what}, descriptor ${fd}, held ${held.join('/')} and now ${read.join('/')} (${status})`,
        )
      }
      held.set(read)
    }
  }
}

function areSame(a: Int32Array, b: Int32Array): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3] && a[4] === b[4]
}
