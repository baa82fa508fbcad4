/** A drill on one process, from its beginning to its end. */
import type { DrillReport, Ended, Finding, Shown } from './drill-findings.ts'
import { hasEnded, matchingIn, peersOf } from './drill-matching.ts'
import { Drilled, isCutAlready, keyOf } from './drilled.ts'
import { Orphans } from './orphans.ts'
import type { ProcessSocket } from './process-sockets.ts'
import type { PeerMatcher } from '../settings/match.ts'

export const LOOK_MS = 100

/** The wait of a command's process after its first connection. A program may open several at its start. */
export const SETTLE_MS = 3000

/** The variable with the task of a program that drills itself. */
export const INSIDE = 'KEEPALIVE_DRILL_TASK'

/** How long the drill waits for a new connection after all deaths were detected. */
const NEW_MS = 3000

/** How long the drill waits after the last death was detected, to see whether the program ends because of the error. */
const FALL_MS = 1000

export interface Asked {
  readonly within: number
  readonly time: number | undefined
  readonly withNew: boolean
}

/** Shows the current state of each process. */
export type Show = (processes: readonly Shown[]) => void

export class Session {
  readonly #pid: number
  readonly #matcher: PeerMatcher
  readonly #asked: Asked
  readonly #orphans: Orphans
  readonly #drilled = new Map<string, Drilled>()
  #at = 0
  #newAfter: number | undefined
  #allToldAt: number | undefined
  #ended: Ended | undefined
  #isByError = false

  constructor(pid: number, matcher: PeerMatcher, asked: Asked) {
    this.#pid = pid
    this.#matcher = matcher
    this.#asked = asked
    this.#orphans = new Orphans(pid)
  }

  /** Whether there is anything to cut off. */
  get hasMatching(): boolean {
    return this.#matching().length > 0
  }

  /**
   * Runs the drill. All connections are restored at the end, also after an error.
   *
   * @param isLater whether the drill has already begun in another process
   */
  async run(show: Show, stopped: Promise<void>, isLater = false): Promise<DrillReport> {
    let healed = false
    this.#at = performance.now()
    process.once('exit', this.#heal) // for example, when the reader of the output is gone (EPIPE)
    try {
      this.#begin(isLater)
      await this.#watch(show, stopped)
    } finally {
      process.removeListener('exit', this.#heal)
      healed = this.#heal()
    }
    const report = this.#report(healed)
    show([report])
    return report
  }

  readonly #heal = (): boolean => [...this.#drilled.values()].map((each) => each.heal()).every(Boolean)

  /** The report when the program that contains this drill ends by itself. */
  lastReport(ended: Ended): DrillReport | undefined {
    if (this.#drilled.size === 0) return undefined
    this.#look()
    this.#endWithProgram(ended)
    return this.#report(true)
  }

  #report(healed: boolean): DrillReport {
    return {
      pid: this.#pid,
      within: this.#asked.within,
      connections: this.#findings(true),
      newConnectionAfter: this.#newAfter,
      healed,
      ...(this.#ended && { ended: this.#ended, endedByError: this.#isByError }),
    }
  }

  #begin(isLater: boolean): void {
    const matching = this.#matching()
    const cut = matching.filter((each) => isCutAlready(this.#pid, each)).length
    if (cut > 0) {
      throw new Error(
        `${cut} of these connections ${cut === 1 ? 'is' : 'are'} cut off already, by another drill. If that drill was ` +
          `killed, "drill --heal ${this.#pid}" restores them`,
      )
    }
    this.#cut(matching, isLater)
    if (this.#drilled.size > 0) return
    const peers = peersOf(this.#pid)
    const where = peers === '' ? 'it has no connections' : `it is connected to ${peers}`
    throw new Error(`process ${this.#pid} has no matching connection: ${where}`)
  }

  async #watch(show: Show, stopped: Promise<void>): Promise<void> {
    for (let isStopped = false; ;) {
      const isGone = this.#pid !== process.pid && hasEnded(this.#pid)
      this.#look()
      if (isGone) return this.#endWithProgram({})
      if (isStopped) return
      this.#lookForNew()
      show([{ pid: this.#pid, connections: this.#findings(false) }])
      if (this.#isOver()) return
      isStopped = await Promise.race([stopped.then(() => true), pause(LOOK_MS)])
    }
  }

  #look(): void {
    for (const each of this.#drilled.values()) each.look()
  }

  #endWithProgram(ended: Ended): void {
    this.#ended = ended
    for (const each of this.#drilled.values()) each.endWithProgram()
    this.#isByError = ended.code !== 0 && [...this.#drilled.values()].some((each) => each.isLostLately)
  }

  #findings(isOver: boolean): Finding[] {
    return [...this.#drilled.values()].map((each) => each.finding(isOver))
  }

  #isOver(): boolean {
    const { time, within, withNew } = this.#asked
    const now = performance.now()
    // With --new the drill could go on for ever. After twice the time, all connections of the first half are decided.
    const most = time ?? (withNew ? within * 2 : Number.POSITIVE_INFINITY)
    if (now - this.#at > most) return true
    const findings = this.#findings(false)
    if (findings.some(({ fate }) => fate === 'cut')) {
      this.#allToldAt = undefined
      return false
    }
    if (time !== undefined && findings.some(({ fate }) => fate === 'late')) return false
    this.#allToldAt ??= now
    const isReported = findings.some(({ fate }) => fate === 'told')
    return !isReported || now - this.#allToldAt > (this.#newAfter === undefined ? NEW_MS : FALL_MS)
  }

  #lookForNew(): void {
    if (this.#asked.withNew) return this.#cut(this.#matching(), true)
    if (this.#newAfter === undefined && this.#matching().some((socket) => !this.#drilled.has(keyOf(socket))))
      this.#newAfter = Math.round(performance.now() - this.#at)
  }

  #cut(sockets: readonly ProcessSocket[], isNew: boolean): void {
    const drill = { pid: this.#pid, within: this.#asked.within, orphans: this.#orphans }
    for (const socket of sockets) {
      const key = keyOf(socket)
      if (this.#drilled.has(key)) continue
      const drilled = Drilled.cut(drill, socket, isNew)
      if (drilled) this.#drilled.set(key, drilled)
    }
  }

  #matching(): ProcessSocket[] {
    try {
      return matchingIn(this.#pid, this.#matcher)
    } catch (error) {
      if (this.#drilled.size > 0) return [] // the process has ended
      throw error
    }
  }
}

/** Waits. Inside a program that drills itself, the timer does not keep the program running. */
export async function pause(ms: number): Promise<false> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms)
    if (isInside) timer.unref()
  })
}

const isInside = process.env[INSIDE] !== undefined
