/** One connection of another process that is cut off, and what becomes of it. */
import { getKeepAlive, getTcpInfo, inspectSocket, type KeepAlive, planKeepAlive } from 'tcp-keepalive'
import { endpointText } from '../settings/address-text.ts'
import {
  cutOffAt,
  type HopMinimum,
  isCut,
  lastDataOf,
  putHopMinimum,
  readHopMinimum,
} from '../socket/hop-minimum.ts'
import { withSocketOf } from '../socket/duplicate.ts'
import type { Doing, Fate, Finding } from './drill-findings.ts'
import type { Orphans } from './orphans.ts'
import type { ProcessSocket } from './process-sockets.ts'
import { serviceOn } from './services.ts'

/** What was on its way at the cut may still arrive; and a look may come late. */
const ALLOWANCE_MS = 200

/** A program that ends has often closed its connections shortly before. */
const WITH_THE_PROGRAM_MS = 1000

/** What the kernel holds when the connection is cut off. */
interface Before {
  readonly cookie: string
  readonly hops: HopMinimum
  readonly keepAlive: KeepAlive
  readonly doing: Doing
  /** Since anything came from the peer: from there on the kernel counts for whoever waits. */
  readonly silentFor: number
}

export interface DrillOn {
  readonly pid: number
  readonly within: number
  readonly orphans: Orphans
}

export class Drilled {
  readonly #drill: DrillOn
  readonly #socket: ProcessSocket
  readonly #before: Before
  readonly #isNew: boolean
  readonly #at = performance.now()
  /** A driver, or `register`, may put in others after the cut. */
  #keepAlive: KeepAlive
  #doing: Doing
  /** When something was written after the cut, which starts another clock. */
  #wroteAt: number | undefined
  #endedAt: number | undefined
  /** What is known for good. */
  #fate: 'told' | 'heard' | 'healed' | 'ended' | undefined
  #toldBy: Finding['toldBy']

  private constructor(drill: DrillOn, socket: ProcessSocket, before: Before, isNew: boolean) {
    this.#drill = drill
    this.#socket = socket
    this.#before = before
    this.#keepAlive = before.keepAlive
    this.#doing = before.doing
    this.#isNew = isNew
  }

  /** `undefined` where it is gone meanwhile, or somebody else has cut it off. */
  static cut(drill: DrillOn, socket: ProcessSocket, isNew: boolean): Drilled | undefined {
    const before = withSocketOf(drill.pid, socket.descriptor, (fd) => cutOff(fd, socket))
    return before && new Drilled(drill, socket, before, isNew)
  }

  look(): void {
    if (this.#fate !== undefined) return
    const state = this.#lend((fd) => this.#stateOf(fd))
    if (state === 'open') return
    this.#endedAt = performance.now()
    this.#fate = 'told'
    // A program closes at once what the kernel has ended, so that is seldom seen itself.
    const isByKernel = state === 'closed' || (this.#isDue && !this.#drill.orphans.has(this.#socket))
    this.#toldBy = isByKernel ? 'kernel' : 'program'
  }

  #stateOf(fd: number): 'open' | 'closed' {
    const { state, unacknowledged = 0, unsent = 0, retransmits, silentFor } = getTcpInfo(fd)
    if (state === 'closed') return 'closed'
    const isHeard = silentFor !== undefined && performance.now() - silentFor > this.#at + ALLOWANCE_MS
    if (!isCut(readHopMinimum(fd))) this.#endWith('healed')
    else if (isHeard) this.#endWith('heard')
    this.#keepAlive = getKeepAlive(fd)
    if (unacknowledged + unsent > 0 && this.#doing !== 'writing') {
      this.#doing = 'writing'
      // What was sent again is younger than the write.
      const ago = retransmits === 0 ? lastDataOf(fd).sentAgo : 0
      this.#wroteAt = Math.max(this.#at, performance.now() - ago)
    }
    return 'open'
  }

  /** That it was late before is known, and stays. */
  #endWith(fate: 'heard' | 'healed' | 'ended'): void {
    if (fate !== 'heard' && this.#fateNow === 'late') return
    this.#fate = fate
  }

  /** The program has ended: what it had open until then, or closed right before, nobody was told of. */
  endWithProgram(): void {
    if (this.#fate === undefined || this.#isClosedBefore) this.#endWith('ended')
  }

  get #isClosedBefore(): boolean {
    const ago = performance.now() - (this.#endedAt ?? Number.NEGATIVE_INFINITY)
    return this.#fate === 'told' && this.#toldBy === 'program' && ago < WITH_THE_PROGRAM_MS
  }

  /** Puts back what was there before; `false` where it cannot be. */
  heal(): boolean {
    try {
      const isBack = this.#lend((fd) => {
        putHopMinimum(fd, this.#before.hops)
        const { v4, v6 } = readHopMinimum(fd)
        return v4 === this.#before.hops.v4 && v6 === this.#before.hops.v6
      })
      return isBack ?? true
    } catch {
      return false // the others are to be healed all the same
    }
  }

  /** @param isOver whether the drill is, so that no more will be known */
  finding(isOver: boolean): Finding {
    const { descriptor, local, remote } = this.#socket
    const fate = isOver && this.#fateNow === 'cut' ? 'too-early' : this.#fateNow
    const isTold = fate === 'told'
    return {
      descriptor,
      local: endpointText(local.address, local.port),
      peer: endpointText(remote.address, remote.port),
      service: serviceOn(remote.port),
      isNew: this.#isNew,
      doing: this.#doing,
      fate,
      inTime: isTold && this.#took <= this.#drill.within,
      toldAfter: isTold ? Math.round(this.#took) : undefined,
      toldBy: isTold ? this.#toldBy : undefined,
      wouldTake: this.#wouldTake,
    }
  }

  get #fateNow(): Fate {
    return this.#fate ?? (this.#took > this.#drill.within ? 'late' : 'cut')
  }

  get #took(): number {
    return (this.#endedAt ?? performance.now()) - (this.#wroteAt ?? this.#at)
  }

  /**
   * Whether the kernel can have given up by now. For a write it counts from the write, and how often it sends again varies with the
   * round trip; for whoever waits from the last thing heard.
   */
  get #isDue(): boolean {
    return this.#doing === 'writing'
      ? this.#took >= this.#wouldTake * 0.8
      : this.#took + this.#before.silentFor >= this.#wouldTake - ALLOWANCE_MS
  }

  get #wouldTake(): number {
    const { idle, write = Number.POSITIVE_INFINITY } = planKeepAlive(
      this.#keepAlive,
      this.#keepAlive,
    ).detection
    return this.#doing === 'writing' ? write : idle
  }

  /** Lends the socket, if it still is the one. */
  #lend<T>(use: (fd: number) => T): T | undefined {
    return withSocketOf(this.#drill.pid, this.#socket.descriptor, (fd) =>
      readHopMinimum(fd).cookie === this.#before.cookie ? use(fd) : undefined,
    )
  }
}

/** By which a connection is known again. */
export function keyOf({ local, remote }: ProcessSocket): string {
  return `${endpointText(local.address, local.port)} ${endpointText(remote.address, remote.port)}`
}

/** Whether somebody else has cut it off. */
export function isCutAlready(pid: number, { descriptor }: ProcessSocket): boolean {
  return withSocketOf(pid, descriptor, (fd) => isCut(readHopMinimum(fd))) === true
}

function cutOff(fd: number, { local, remote }: ProcessSocket): Before | undefined {
  const { local: here, remote: there } = inspectSocket(fd)
  const isIt = here?.port === local.port && there?.port === remote.port && there.address === remote.address
  const { cookie, ...hops } = readHopMinimum(fd)
  if (!isIt || isCut(hops)) return undefined
  const keepAlive = getKeepAlive(fd)
  const before = { cookie, hops, keepAlive, ...doingOf(fd, keepAlive) }
  cutOffAt(fd, hops)
  return before
}

/** The kernel counts in ticks of up to 10 ms, so a question and what came right before it may bear the same time. */
function doingOf(fd: number, { enabled, time }: KeepAlive): Pick<Before, 'doing' | 'silentFor'> {
  const { unacknowledged = 0, unsent = 0, silentFor = 0 } = getTcpInfo(fd)
  if (unacknowledged + unsent > 0) return { doing: 'writing', silentFor }
  const { sentAgo, receivedAgo, sent, received } = lastDataOf(fd)
  if (sentAgo !== receivedAgo) return { doing: sentAgo < receivedAgo ? 'waiting' : 'idle', silentFor }
  if (sent === 0 || received === 0) return { doing: sent > 0 ? 'waiting' : 'idle', silentFor }
  // An acknowledgement that is younger than all data is that of a question, or of a probe, where there has been one.
  if (silentFor === receivedAgo) return { doing: 'idle', silentFor }
  return { doing: enabled && receivedAgo >= (time ?? 0) ? 'silent' : 'waiting', silentFor }
}
