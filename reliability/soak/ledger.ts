/** What happened to each connection of a process's pools. */
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { KeepAliveLost, Outcome } from 'tcp-keepalive'

/** A connection that is closed. */
export interface Ended {
  /** The client's. */
  readonly port: number
  /** How often `tcp-keepalive:lost` named it. */
  published: number
  /** How often its user was notified: by the pool's 'error' while it was idle, otherwise by a rejected query. */
  told: number
  /** Milliseconds since 1970, the clock of a capture. */
  lostAt: number | undefined
  outcome: Outcome | undefined
}

export class Ledger {
  readonly #open = new Map<Socket, Ended>()
  readonly #ended: Ended[] = []

  constructor() {
    subscribe('tcp-keepalive:lost', (message) => {
      const { socket, outcome, doing } = message as KeepAliveLost
      if (doing === 'connecting') return // it was never in a pool
      const entry = this.#open.get(socket)
      if (entry === undefined) throw new Error('a lost connection is in no pool, or was lost twice')
      entry.published++
      entry.lostAt ??= Date.now()
      entry.outcome ??= outcome
    })
  }

  get open(): number {
    return this.#open.size
  }

  enter(socket: Socket): Ended {
    const port = socket.localPort ?? 0
    const entry: Ended = { port, published: 0, told: 0, lostAt: undefined, outcome: undefined }
    this.#open.set(socket, entry)
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#ended.push(entry)
    })
    return entry
  }

  /** The connections that ended since the last call. */
  takeEnded(): readonly Ended[] {
    return this.#ended.splice(0)
  }
}
