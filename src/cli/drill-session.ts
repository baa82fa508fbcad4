/** A drill on one process, from its beginning to its end. */
import { endpointText } from '../settings/address-text.ts'
import type { DrillReport } from './drill-findings.ts'
import { Drilled, keyOf } from './drilled.ts'
import { type ProcessSocket, socketsOf } from './process-sockets.ts'
import type { PeerMatcher } from '../settings/match.ts'

export const LOOK_MS = 100

/** The variable that tells a program that a drill goes on in it, and which. */
export const INSIDE = 'KEEPALIVE_DRILL_TASK'

/** So long after all are told, for a new connection to come. */
const NEW_MS = 3000

/** Peers that are named where none matches. */
const MOST_OTHERS = 5

/** Only an address is known from outside, and no name. */
function isMeant(matcher: PeerMatcher, { remote: { address, port }, state }: ProcessSocket): boolean {
  return state === 'established' && matcher.late({ host: address, address, port })
}

export interface Asked {
  readonly within: number
  readonly time: number | undefined
  readonly withNew: boolean
}

export type Show = (connections: DrillReport['connections']) => void

export class Session {
  readonly #pid: number
  readonly #matcher: PeerMatcher
  readonly #asked: Asked
  readonly #drilled = new Map<string, Drilled>()
  #at = 0
  #newAfter: number | undefined
  #allToldAt: number | undefined

  constructor(pid: number, matcher: PeerMatcher, asked: Asked) {
    this.#pid = pid
    this.#matcher = matcher
    this.#asked = asked
  }

  /** Whether there is anything to cut off. */
  get hasMatching(): boolean {
    return this.#matching().length > 0
  }

  /** Whatever happens, everything is put back. */
  async run(show: Show, stopped: Promise<void>): Promise<DrillReport> {
    let healed = false
    this.#at = performance.now()
    try {
      this.#cutMatching(false)
      if (this.#drilled.size === 0) {
        throw new Error(`process ${this.#pid} has no such connection: ${this.#others()}`)
      }
      await this.#watch(show, stopped)
    } finally {
      healed = [...this.#drilled.values()].map((each) => each.heal()).every(Boolean)
    }
    return {
      pid: this.#pid,
      within: this.#asked.within,
      connections: this.#findings(),
      newConnectionAfter: this.#newAfter,
      healed,
    }
  }

  /** Where it is connected to instead. */
  #others(): string {
    const { sockets } = socketsOf(this.#pid)
    const peers = new Set(sockets.map(({ remote }) => endpointText(remote.address, remote.port)))
    if (peers.size === 0) return 'it has none at all'
    const [shown, more] = [[...peers].slice(0, MOST_OTHERS), peers.size - MOST_OTHERS]
    return (
      `it is connected to ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}; ` +
      'from outside only addresses and ports can be matched'
    )
  }

  async #watch(show: Show, stopped: Promise<void>): Promise<void> {
    let isStopped = false
    while (!isStopped) {
      for (const each of this.#drilled.values()) each.look()
      this.#lookForNew()
      show(this.#findings())
      if (this.#isOver()) return
      isStopped = await Promise.race([stopped.then(() => true), pause(LOOK_MS)])
    }
  }

  #findings(): DrillReport['connections'] {
    return [...this.#drilled.values()].map(({ finding }) => finding)
  }

  #isOver(): boolean {
    const { time } = this.#asked
    const now = performance.now()
    if (time !== undefined && now - this.#at > time) return true
    const findings = this.#findings()
    const isTold = findings.every(({ fate }) => fate !== 'cut')
    if (!isTold) {
      this.#allToldAt = undefined
      return false
    }
    if (time !== undefined && findings.some(({ fate }) => fate === 'late')) return false
    this.#allToldAt ??= now
    const isAwaited = findings.some(({ fate }) => fate === 'told') && this.#newAfter === undefined
    return !isAwaited || now - this.#allToldAt > NEW_MS
  }

  #lookForNew(): void {
    if (this.#asked.withNew) {
      this.#cutMatching(true)
      return
    }
    if (this.#newAfter === undefined && this.#matching().some((socket) => !this.#drilled.has(keyOf(socket))))
      this.#newAfter = Math.round(performance.now() - this.#at)
  }

  #cutMatching(isNew: boolean): void {
    for (const socket of this.#matching()) {
      const key = keyOf(socket)
      if (this.#drilled.has(key)) continue
      const drilled = Drilled.cut(this.#pid, socket, this.#asked.within, isNew)
      if (drilled) this.#drilled.set(key, drilled)
    }
  }

  #matching(): ProcessSocket[] {
    try {
      return socketsOf(this.#pid).sockets.filter((socket) => isMeant(this.#matcher, socket))
    } catch (error) {
      if (this.#drilled.size > 0) return [] // the process has ended
      throw error
    }
  }
}

/** Does not keep a program running that a drill goes on in. */
export async function pause(ms: number): Promise<false> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms)
    if (isInside) timer.unref()
  })
}

const isInside = process.env[INSIDE] !== undefined
