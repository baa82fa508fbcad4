/** The sockets that are cut off, by cookie: the earlier options, how often it was cut off, and whether packets still arrive. */
import { clock, timers } from '../socket/clock.ts'
import type { Cookie, HopMinimum } from '../socket/hop-minimum.ts'
import { cutOffAt, MOST_HOPS, putHopMinimum, readHopMinimum } from '../socket/hop-minimum.ts'
import { shared } from '../socket/shared.ts'
import { descriptorOf, NOT_YET, type Target } from '../socket/target.ts'
import { getTcpInfo } from '../socket/tcp-info.ts'

/**
 * Allows for packets that were inside the kernel at the cut, and for the kernel's ticks of up to 10 ms.
 */
const ALLOWANCE_MS = 100

const LOOK_MS = 100

export class Cut {
  readonly #target: Target
  readonly #cookie: Cookie
  readonly #before: HopMinimum
  readonly #at = clock()
  readonly #looking: NodeJS.Timeout
  #times = 0
  #heard = false

  constructor(target: Target, fd: number) {
    const { cookie, ...before } = readHopMinimum(fd)
    this.#target = target
    this.#cookie = cookie
    this.#before = before
    cutOffAt(fd, before)
    // The timer is needed because after the end of the connection, restore() cannot find out whether packets arrived.
    this.#looking = timers.setInterval(() => this.look(), LOOK_MS)
    this.#looking.unref()
  }

  /** Counts the cuts of the socket. The last {@link remove} restores the options. */
  add(): void {
    this.#times += 1
  }

  /** Restores the earlier options, unless another cut of the socket is still active, or the socket is gone. */
  remove(): void {
    this.look()
    this.#times -= 1
    if (this.#times > 0) return
    this.#end()
    const fd = this.#descriptor()
    if (fd !== undefined) putHopMinimum(fd, this.#before)
  }

  /** Whether packets of the peer arrived after the cut. */
  get heard(): boolean {
    return this.#heard
  }

  look(): void {
    const fd = this.#descriptor()
    if (fd === undefined) return this.#end()
    if (!isWhollyCut(fd)) return // other code has changed the options
    const { silentFor } = getTcpInfo(fd)
    if (silentFor !== undefined && clock() - silentFor > this.#at + ALLOWANCE_MS) this.#heard = true
  }

  #end(): void {
    timers.clearInterval(this.#looking)
    if (cuts.get(this.#cookie) === this) cuts.delete(this.#cookie)
  }

  /** The descriptor; `undefined` if it no longer belongs to the socket that was cut off. */
  #descriptor(): number | undefined {
    try {
      const fd = descriptorOf(this.#target)
      return fd !== NOT_YET && readHopMinimum(fd).cookie === this.#cookie ? fd : undefined
    } catch {
      return undefined // destroyed, closed, or no TCP socket any more
    }
  }
}

/** All copies of this package share this map. */
const cuts = shared('cuts', () => new Map<Cookie, Cut>())

/** Returns the cut of this socket, or begins one. */
export function cutOf(target: Target, fd: number): Cut {
  const { cookie } = readHopMinimum(fd)
  const known = cuts.get(cookie)
  if (known) return known
  const cut = new Cut(target, fd)
  cuts.set(cookie, cut)
  return cut
}

/** Whether both options are set. If not, packets may arrive, and that is no fault. */
function isWhollyCut(fd: number): boolean {
  const { v4, v6 } = readHopMinimum(fd)
  return v4 === MOST_HOPS && (v6 < 0 || v6 === MOST_HOPS)
}
