/** What each connection of a process's pools has gone through. */
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { KeepAliveLost, Outcome } from 'tcp-keepalive'

/** A connection that is open no more. */
export interface Ended {
  /** The client's. */
  readonly port: number
  /** How often `tcp-keepalive:lost` named it. */
  published: number
  /** How often its user was told: by the pool's 'error' while it was idle, by a rejected query while it was not. */
  told: number
  /** Milliseconds since 1970, the clock of a capture. */
  lostAt: number | undefined
  outcome: Outcome | undefined
}

export class Ledger {
  #open = new Map<Socket, Ended>()
  #ended: Ended[] = []

  constructor() {
    subscribe('tcp-keepalive:lost', (message) => {
      const { socket, outcome, doing } = message as KeepAliveLost
      if (doing === 'connecting') return // no pool had it
      const entry = this.#open.get(socket)
      if (entry === undefined) throw new Error('a connection was lost that no pool has, or twice')
      entry.published++
      entry.lostAt ??= Date.now()
      entry.outcome ??= outcome
    })
  }

  get open(): number {
    return this.#open.size
  }

  enter(socket: Socket): Ended {
    const entry: Ended = {
      port: socket.localPort ?? 0,
      published: 0,
      told: 0,
      lostAt: undefined,
      outcome: undefined,
    }
    this.#open.set(socket, entry)
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#ended.push(entry)
    })
    return entry
  }

  /** Those that have ended since it was asked last. */
  takeEnded(): readonly Ended[] {
    const ended = this.#ended
    this.#ended = []
    return ended
  }
}
