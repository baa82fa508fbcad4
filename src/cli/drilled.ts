/** One connection of another process that is cut off, and what becomes of it. */
import { getKeepAlive, getTcpInfo, inspectSocket, type KeepAlive, planKeepAlive } from 'tcp-keepalive'
import { endpointText } from '../settings/address-text.ts'
import {
  type HopMinimum,
  lastDataOf,
  MOST_HOPS,
  putHopMinimum,
  readHopMinimum,
} from '../socket/hop-minimum.ts'
import { withSocketOf } from '../socket/duplicate.ts'
import type { Doing, Fate, Finding } from './drill-findings.ts'
import type { ProcessSocket } from './process-sockets.ts'
import { serviceOn } from './services.ts'

/** What was on its way at the cut may still arrive; and a look may come late. */
const ALLOWANCE_MS = 200

/** What the kernel holds when the connection is cut off. */
interface Before {
  readonly cookie: string
  readonly hops: HopMinimum
  readonly keepAlive: KeepAlive
  readonly doing: Doing
}

export class Drilled {
  readonly key: string
  readonly #pid: number
  readonly #socket: ProcessSocket
  readonly #before: Before
  readonly #within: number
  readonly #isNew: boolean
  readonly #at = performance.now()
  #doing: Doing
  /** When something was written after the cut, which starts another clock. */
  #wroteAt: number | undefined
  #toldAt: number | undefined
  #toldBy: Finding['toldBy']
  #heard = false

  private constructor(pid: number, socket: ProcessSocket, before: Before, within: number, isNew: boolean) {
    this.key = keyOf(socket)
    this.#pid = pid
    this.#socket = socket
    this.#before = before
    this.#doing = before.doing
    this.#within = within
    this.#isNew = isNew
  }

  /** `undefined` where it is gone meanwhile, or somebody else has cut it off. */
  static cut(pid: number, socket: ProcessSocket, within: number, isNew: boolean): Drilled | undefined {
    const before = withSocketOf(pid, socket.descriptor, (fd) => cutOff(fd, socket))
    return before && new Drilled(pid, socket, before, within, isNew)
  }

  look(): void {
    if (this.#toldAt !== undefined) return
    const state = this.#lend((fd) => {
      const { state, unacknowledged = 0, unsent = 0, silentFor } = getTcpInfo(fd)
      if (state === 'closed') return 'closed'
      if (silentFor !== undefined && performance.now() - silentFor > this.#at + ALLOWANCE_MS)
        this.#heard = true
      if (unacknowledged + unsent > 0 && this.#doing !== 'writing') {
        this.#doing = 'writing'
        this.#wroteAt = performance.now()
      }
      return 'open'
    })
    if (state === 'open') return
    this.#toldAt = performance.now()
    // A program closes at once what has ended, so the kernel's end is seldom seen itself.
    const kernel = state === 'closed' || this.#took >= this.#wouldTake * 0.8
    this.#toldBy = kernel ? 'kernel' : 'program'
  }

  /** Puts back what was there before; `false` where it cannot be. */
  heal(): boolean {
    const isBack = this.#lend((fd) => {
      putHopMinimum(fd, this.#before.hops)
      const { v4, v6 } = readHopMinimum(fd)
      return v4 === this.#before.hops.v4 && v6 === this.#before.hops.v6
    })
    return isBack ?? true
  }

  get finding(): Finding {
    const { descriptor, local, remote } = this.#socket
    const fate = this.#fate
    return {
      descriptor,
      local: endpointText(local.address, local.port),
      peer: endpointText(remote.address, remote.port),
      service: serviceOn(remote.port),
      isNew: this.#isNew,
      doing: this.#doing,
      fate,
      inTime: fate === 'told' && this.#took <= this.#within,
      toldAfter: fate === 'told' ? Math.round(this.#took) : undefined,
      toldBy: this.#toldBy,
      wouldTake: this.#wouldTake,
    }
  }

  get #fate(): Fate {
    if (this.#heard) return 'heard'
    if (this.#toldAt !== undefined) return 'told'
    return this.#took > this.#within ? 'late' : 'cut'
  }

  get #took(): number {
    return (this.#toldAt ?? performance.now()) - (this.#wroteAt ?? this.#at)
  }

  get #wouldTake(): number {
    const { keepAlive } = this.#before
    const { idle, write = Number.POSITIVE_INFINITY } = planKeepAlive(keepAlive, keepAlive).detection
    return this.#doing === 'writing' ? write : idle
  }

  /** Lends the socket, if it still is the one. */
  #lend<T>(use: (fd: number) => T): T | undefined {
    return withSocketOf(this.#pid, this.#socket.descriptor, (fd) =>
      readHopMinimum(fd).cookie === this.#before.cookie ? use(fd) : undefined,
    )
  }
}

/** By which a connection is known again. */
export function keyOf({ local, remote }: ProcessSocket): string {
  return `${endpointText(local.address, local.port)} ${endpointText(remote.address, remote.port)}`
}

export function isCut({ v4, v6 }: HopMinimum): boolean {
  return v4 === MOST_HOPS || v6 === MOST_HOPS
}

function cutOff(fd: number, { local, remote }: ProcessSocket): Before | undefined {
  const { local: here, remote: there } = inspectSocket(fd)
  const isIt = here?.port === local.port && there?.port === remote.port && there.address === remote.address
  const { cookie, ...hops } = readHopMinimum(fd)
  if (!isIt || isCut(hops)) return undefined
  const { unacknowledged = 0, unsent = 0 } = getTcpInfo(fd)
  const { sentAgo, receivedAgo } = lastDataOf(fd)
  const waiting = sentAgo < receivedAgo ? 'waiting' : 'idle'
  const before = {
    cookie,
    hops,
    keepAlive: getKeepAlive(fd),
    doing: unacknowledged + unsent > 0 ? 'writing' : waiting,
  } as const
  putHopMinimum(fd, { v4: MOST_HOPS, v6: hops.v6 < 0 ? -1 : MOST_HOPS })
  return before
}
