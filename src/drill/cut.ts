/** The sockets that are cut off, each by its cookie: what was in force before, how often it was cut, whether it still hears. */
import type { Cookie, HopMinimum } from '../socket/hop-minimum.ts'
import { cutOffAt, MOST_HOPS, putHopMinimum, readHopMinimum } from '../socket/hop-minimum.ts'
import { shared } from '../socket/shared.ts'
import { descriptorOf, NOT_YET, type Target } from '../socket/target.ts'
import { getTcpInfo } from '../socket/tcp-info.ts'

/**
 * What was on its way through the kernel at the cut may still arrive, and the kernel counts silence in ticks of up to 10 ms.
 */
const ALLOWANCE_MS = 100

const LOOK_MS = 100

export class Cut {
  readonly #target: Target
  readonly #cookie: Cookie
  readonly #before: HopMinimum
  readonly #at = performance.now()
  readonly #looking: NodeJS.Timeout
  #times = 0
  #heard = false

  constructor(target: Target, fd: number) {
    const { cookie, ...before } = readHopMinimum(fd)
    this.#target = target
    this.#cookie = cookie
    this.#before = before
    cutOffAt(fd, before)
    // Where the connection has ended by the time of restore(), nobody could say any more whether its peer was heard.
    this.#looking = setInterval(() => this.look(), LOOK_MS)
    this.#looking.unref()
  }

  /** Counts who has cut the socket off, as the last one puts everything back. */
  add(): void {
    this.#times += 1
  }

  /** Puts back what was there, unless somebody else still wants the socket cut off, or the socket is gone. */
  remove(): void {
    this.look()
    this.#times -= 1
    if (this.#times > 0) return
    this.#end()
    const fd = this.#descriptor()
    if (fd !== undefined) putHopMinimum(fd, this.#before)
  }

  /** Whether something came from the peer since. */
  get heard(): boolean {
    return this.#heard
  }

  look(): void {
    const fd = this.#descriptor()
    if (fd === undefined) return this.#end()
    if (!isWhollyCut(fd)) return // somebody else put it back
    const { silentFor } = getTcpInfo(fd)
    if (silentFor !== undefined && performance.now() - silentFor > this.#at + ALLOWANCE_MS) this.#heard = true
  }

  #end(): void {
    clearInterval(this.#looking)
    if (cuts.get(this.#cookie) === this) cuts.delete(this.#cookie)
  }

  /** The descriptor, if it still is that of the socket that was cut off. */
  #descriptor(): number | undefined {
    try {
      const fd = descriptorOf(this.#target)
      return fd !== NOT_YET && readHopMinimum(fd).cookie === this.#cookie ? fd : undefined
    } catch {
      return undefined // destroyed, closed, or a file of somebody else by now
    }
  }
}

/** All copies of this package share them. */
const cuts = shared('cuts', () => new Map<Cookie, Cut>())

/** The one cut of this socket, whoever asks. */
export function cutOf(target: Target, fd: number): Cut {
  const { cookie } = readHopMinimum(fd)
  const known = cuts.get(cookie)
  if (known) return known
  const cut = new Cut(target, fd)
  cuts.set(cookie, cut)
  return cut
}

/** In every way: else something may be heard, and nothing is wrong with that. */
function isWhollyCut(fd: number): boolean {
  const { v4, v6 } = readHopMinimum(fd)
  return v4 === MOST_HOPS && (v6 < 0 || v6 === MOST_HOPS)
}
