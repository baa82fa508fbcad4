/** One connection that is watched: made, given its values, and asked. Nothing is ever sent on it. */
import { connect, type Socket } from 'node:net'
import { getKeepAlive, getTcpInfo, type KeepAliveOptions, setKeepAlive } from 'tcp-keepalive'
import { probesUntilGivenUp } from '../settings/detection.ts'
import { lossInWords } from './loss-in-words.ts'
import type { Address } from './peers.ts'

/** `unwatched`: the system does not let this program set or read what there is to watch. */
export type Status = 'connecting' | 'unreached' | 'unwatched' | 'alive' | 'silent' | 'closed' | 'lost'

/** How it stands with a connection at a moment. */
export interface Snapshot {
  readonly peer: string
  readonly service: string | undefined
  readonly status: Status
  /** Milliseconds since the peer was heard; `undefined` where the system does not tell. */
  readonly silentFor: number | undefined
  /** `undefined` where the system does not tell. */
  readonly unansweredProbes: number | undefined
  /** So many unanswered probes are the end. */
  readonly probes: number
  /** Milliseconds. */
  readonly roundTrip: number | undefined
  /** Of what is lost or closed: the system's code, if there is one, and what became of it in words. */
  readonly code: string | undefined
  readonly words: string | undefined
}

/** A server that hangs up is called again after this. */
const AGAIN_MS = 1000

/** A probe that was sent just now is not unanswered yet. */
const ROUND_TRIPS = 3

export class Watched {
  readonly #address: Address
  readonly #options: KeepAliveOptions
  #socket: Socket
  #last: Snapshot
  #unansweredSince: number | undefined
  #again: NodeJS.Timeout | undefined

  constructor(address: Address, options: KeepAliveOptions) {
    this.#address = address
    this.#options = options
    this.#last = {
      peer: address.text,
      service: address.service,
      status: 'connecting',
      silentFor: undefined,
      unansweredProbes: undefined,
      probes: 0,
      roundTrip: undefined,
      code: undefined,
      words: undefined,
    }
    this.#socket = this.#connect()
  }

  /** Asks the kernel. */
  look(): Snapshot {
    if (!this.#socket.connecting && !this.#socket.destroyed && this.#isOpen())
      this.#attempt(() => this.#ask())
    return this.#last
  }

  /** Who has not answered until now could not be connected to. */
  end(): Snapshot {
    clearTimeout(this.#again)
    this.#socket.destroy()
    if (this.#last.status === 'connecting') {
      this.#change({ status: 'unreached', words: 'nothing has answered' })
    }
    return this.#last
  }

  #connect(): Socket {
    const { host, port } = this.#address
    const socket = connect({ host, port })
    try {
      // Before it connects, so that the attempt is bounded too.
      setKeepAlive(socket, this.#options)
    } catch (error) {
      socket.destroy()
      throw error
    }
    socket.resume() // what a server says first is of no interest
    socket.once('connect', () => {
      this.#attempt(() => {
        const probes = probesUntilGivenUp(getKeepAlive(socket))
        this.#change({ status: 'alive', probes, words: undefined })
      })
    })
    socket.once('end', () => this.#hungUp())
    socket.once('error', (error) => this.#lost(error))
    return socket
  }

  /** Inside events and timers, where nobody would catch what the system refuses. */
  #attempt(act: () => void): void {
    try {
      act()
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      this.#change({ status: 'unwatched', code, words: message, unansweredProbes: undefined })
      this.#socket.destroy()
    }
  }

  #ask(): void {
    const info = getTcpInfo(this.#socket)
    const { silentFor, unansweredProbes, roundTrip = 0 } = info
    const unanswered = unansweredProbes ?? 0
    if (unanswered === 0) this.#unansweredSince = undefined
    else this.#unansweredSince ??= performance.now()
    const waited = performance.now() - (this.#unansweredSince ?? Number.POSITIVE_INFINITY)
    const isSilent = unanswered > 1 || waited > roundTrip * ROUND_TRIPS
    const status = isSilent ? 'silent' : 'alive'
    this.#change({ status, silentFor, unansweredProbes, roundTrip })
  }

  #hungUp(): void {
    this.#change({
      status: 'closed',
      words: 'the server hung up; connecting again',
      unansweredProbes: undefined,
    })
    this.#socket.destroy()
    this.#again = setTimeout(() => {
      this.#attempt(() => (this.#socket = this.#connect()))
    }, AGAIN_MS)
  }

  #lost(error: NodeJS.ErrnoException): void {
    const { code } = error
    const status = this.#isOpen() ? 'lost' : 'unreached'
    this.#change({ status, code, words: lossInWords(error, this.#last) })
  }

  #isOpen(): boolean {
    return this.#last.status === 'alive' || this.#last.status === 'silent'
  }

  #change(change: Partial<Snapshot>): void {
    this.#last = { ...this.#last, ...change }
  }
}
