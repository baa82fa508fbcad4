/** One connection that a drill has cut off, and what becomes of it. */
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

/** Allows for packets that were on their way at the cut, and for a late look. */
const ALLOWANCE_MS = 200

/** A program often closes its connections shortly before it ends. */
const WITH_THE_PROGRAM_MS = 1000

/** The state of the connection right before the cut. */
interface Before {
  readonly cookie: string
  readonly hops: HopMinimum
  readonly keepAlive: KeepAlive
  readonly doing: Doing
  /** Milliseconds since the peer's last packet. Keepalive counts from that packet. */
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
  /** Read at each look, because a driver or `register` may change the values after the cut. */
  #keepAlive: KeepAlive
  #doing: Doing
  /** The time of the first write after the cut. A write has its own deadline. */
  #wroteAt: number | undefined
  #endedAt: number | undefined
  /** Set once it is decided. */
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

  /** @returns `undefined` if the connection is gone, or another drill has cut it off */
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
    // A program closes immediately what the kernel has ended, so the state `closed` is rarely seen.
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
      // After a retransmission, `sentAgo` is the age of the retransmission, not of the write.
      const ago = retransmits === 0 ? lastDataOf(fd).sentAgo : 0
      this.#wroteAt = Math.max(this.#at, performance.now() - ago)
    }
    return 'open'
  }

  /** Sets the fate. A connection that was late before stays late. */
  #endWith(fate: 'heard' | 'healed' | 'ended'): void {
    if (fate !== 'heard' && this.#fateNow === 'late') return
    this.#fate = fate
  }

  /** Call when the program has ended. Connections that were open, or that it closed right before, have ended with it. */
  endWithProgram(): void {
    if (this.#fate === undefined || this.#isClosedBefore) this.#endWith('ended')
  }

  get #isClosedBefore(): boolean {
    return this.#toldBy === 'program' && this.isLostLately
  }

  /** Whether the connection ended within the last second. */
  get isLostLately(): boolean {
    const ago = performance.now() - (this.#endedAt ?? Number.NEGATIVE_INFINITY)
    return this.#fate === 'told' && ago < WITH_THE_PROGRAM_MS
  }

  /** Restores the earlier options. Returns `false` if that fails. */
  heal(): boolean {
    try {
      const isBack = this.#lend((fd) => {
        putHopMinimum(fd, this.#before.hops)
        const { v4, v6 } = readHopMinimum(fd)
        return v4 === this.#before.hops.v4 && v6 === this.#before.hops.v6
      })
      return isBack ?? true
    } catch {
      return false // the caller goes on with the others
    }
  }

  /** @param isOver whether the drill has ended, so that nothing more can be decided */
  finding(isOver: boolean): Finding {
    const { descriptor, local, remote } = this.#socket
    const fate = isOver && this.#fateNow === 'cut' ? 'too-early' : this.#fateNow
    const isReported = fate === 'told'
    return {
      descriptor,
      local: endpointText(local.address, local.port),
      peer: endpointText(remote.address, remote.port),
      service: serviceOn(remote.port),
      isNew: this.#isNew,
      doing: this.#doing,
      fate,
      inTime: isReported && this.#took <= this.#drill.within,
      toldAfter: isReported ? Math.round(this.#took) : undefined,
      toldBy: isReported ? this.#toldBy : undefined,
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
   * Whether the kernel may have given up by now. For a write it counts from the write, and the round trip changes how often it
   * retransmits. Otherwise it counts from the peer's last packet.
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

  /** Calls `use` with a duplicate of the socket. Returns `undefined` if the descriptor no longer belongs to this connection. */
  #lend<T>(use: (fd: number) => T): T | undefined {
    return withSocketOf(this.#drill.pid, this.#socket.descriptor, (fd) =>
      readHopMinimum(fd).cookie === this.#before.cookie ? use(fd) : undefined,
    )
  }
}

/** Identifies a connection by its two ends. */
export function keyOf({ local, remote }: ProcessSocket): string {
  return `${endpointText(local.address, local.port)} ${endpointText(remote.address, remote.port)}`
}

/** Whether another drill has cut it off. */
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

/**
 * The kernel counts in ticks of up to 10 ms, so a request and the data received right before it may have the same age. Then only an
 * acknowledgement that is younger than both tells more: it belongs to a request, or to a probe if one was due. If it has the same age too,
 * the peer has answered at once, or has acknowledged a request at once.
 */
function doingOf(fd: number, { enabled, time }: KeepAlive): Pick<Before, 'doing' | 'silentFor'> {
  // Read first: if a tick passes between the two, the acknowledgement looks older, never younger, than the data.
  const { sentAgo, receivedAgo, sent, received } = lastDataOf(fd)
  const { unacknowledged = 0, unsent = 0, silentFor = 0 } = getTcpInfo(fd)
  if (unacknowledged + unsent > 0) return { doing: 'writing', silentFor }
  if (sentAgo !== receivedAgo) return { doing: sentAgo < receivedAgo ? 'waiting' : 'idle', silentFor }
  if (sent === 0 || received === 0) return { doing: sent > 0 ? 'waiting' : 'idle', silentFor }
  const isProbe = enabled && receivedAgo >= (time ?? 0)
  return { doing: silentFor >= receivedAgo || isProbe ? 'silent' : 'waiting', silentFor }
}
