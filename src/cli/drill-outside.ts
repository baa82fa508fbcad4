/**
 * The processes of a command that do not drill themselves, because they were started without the drill's NODE_OPTIONS: a script of npm may
 * set its own. Their connections are cut off from outside, as by `drill PID`. The kernel allows that for the same user, also with
 * kernel.yama.ptrace_scope=1, because they are descendants of the drill.
 */
import { NotAllowed } from '../socket/duplicate.ts'
import type { AddressMatcher } from './address-matcher.ts'
import { hasEnded, matchingIn, peersOf } from './drill-matching.ts'
import type { InsideNews } from './drill-news.ts'
import { type Asked, INSIDE, LOOK_MS, pause, Session, SETTLE_MS, type Show } from './drill-session.ts'
import { NotToBeSeen } from './looked.ts'
import { familyOf, wasStartedWith } from './process-family.ts'
import { complain } from './terminal.ts'

/** Reading all of /proc takes milliseconds. */
const FAMILY_MS = 500

/** The file that NODE_OPTIONS loads into each process of the command. */
export const INSIDE_FILE = 'drill-inside.cjs'

export class Outside {
  readonly #leader: number
  readonly #matcher: AddressMatcher
  readonly #asked: Asked
  readonly #news = new Map<number, InsideNews>()
  readonly #drilled = new Set<number>()
  readonly #stopped: Promise<void>
  #stop = (): void => {}
  #isStopped = false
  #beganAt: number | undefined
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(leader: number, matcher: AddressMatcher, asked: Asked) {
    this.#leader = leader
    this.#matcher = matcher
    this.#asked = asked
    this.#stopped = new Promise((resolve) => (this.#stop = resolve))
  }

  /** The last news of each process. */
  get news(): InsideNews[] {
    return [...this.#news.values()]
  }

  /** Call when the drill has begun in any process. */
  begin(): void {
    this.#beganAt ??= performance.now()
  }

  stop(): void {
    this.#isStopped = true
    this.#stop()
  }

  /** Looks for such processes. Those that start during the drill count as new, as new connections do. */
  look(): void {
    const now = performance.now()
    if (now - this.#lookedAt < FAMILY_MS || (this.#beganAt !== undefined && !this.#asked.withNew)) return
    this.#lookedAt = now
    for (const pid of familyOf(this.#leader)) {
      const isInside = wasStartedWith(pid, { NODE_OPTIONS: INSIDE_FILE, [INSIDE]: '' }) !== false
      if (isInside || this.#drilled.has(pid) || hasEnded(pid)) continue
      try {
        if (matchingIn(pid, this.#matcher).length > 0) this.#begin(pid)
        else this.#wait(pid)
      } catch (error) {
        if (!(error instanceof NotToBeSeen)) throw error
      }
    }
  }

  #begin(pid: number): void {
    this.#drilled.add(pid)
    this.#drill(pid).catch((error: unknown) => {
      const { message } = error as Error
      const problem =
        error instanceof NotAllowed
          ? `${message}. The process was started without the drill's NODE_OPTIONS. Let the command keep them, ` +
            'as in NODE_OPTIONS="$NODE_OPTIONS …", or write its own as arguments: node --import …'
          : message
      this.#news.set(pid, { pid, problem })
    })
  }

  async #drill(pid: number): Promise<void> {
    complain(
      `process ${pid} was started without the drill's NODE_OPTIONS, so it is drilled from outside, as by drill ${pid}`,
    )
    const age = this.#beganAt === undefined ? undefined : performance.now() - this.#beganAt
    if (age === undefined) {
      this.#news.set(pid, { pid, isSettling: true })
      await pause(SETTLE_MS)
      while (!this.#isStopped && !hasEnded(pid) && this.#wait(pid)) await pause(LOOK_MS)
    }
    if (this.#isStopped || hasEnded(pid)) return void this.#news.delete(pid)
    const { time, within } = this.#asked
    const asked = age === undefined ? this.#asked : { ...this.#asked, time: (time ?? within * 2) - age }
    const session = new Session(pid, this.#matcher, asked)
    const tell: Show = ([{ connections } = { connections: [] }]) => {
      this.#news.set(pid, { pid, connections })
    }
    const report = await session.run(tell, this.#stopped, age !== undefined)
    this.#news.set(pid, { pid, report })
  }

  /** Notes where a process is connected to. Returns `false` if one of the connections matches. */
  #wait(pid: number): boolean {
    if (matchingIn(pid, this.#matcher).length > 0) return false
    this.#news.set(pid, { pid, peers: peersOf(pid) })
    return true
  }
}
