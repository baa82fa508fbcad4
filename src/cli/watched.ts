/** One watched connection: connects, sets its values, and reads its state. It never sends data. */
import { connect, type Socket } from 'node:net'
import { getKeepAlive, getTcpInfo, type KeepAliveOptions, setKeepAlive } from 'tcp-keepalive'
import { probesUntilGivenUp } from '../settings/detection.ts'
import { lossInWords } from './loss-in-words.ts'
import type { Address } from './peers.ts'

/** `unwatched`: the system does not let this program set or read the values. */
export type Status = 'connecting' | 'unreached' | 'unwatched' | 'alive' | 'silent' | 'closed' | 'lost'

/** The state of a connection at a moment. */
export interface Snapshot {
  readonly peer: string
  readonly service: string | undefined
  readonly status: Status
  /** Milliseconds since the peer was heard; `undefined` if the system does not report it. */
  readonly silentFor: number | undefined
  /** `undefined` if the system does not report it. */
  readonly unansweredProbes: number | undefined
  /** The number of unanswered probes after which the kernel gives up. */
  readonly probes: number
  /** Milliseconds. */
  readonly roundTrip: number | undefined
  /** The system's error code, if the connection has ended with one. */
  readonly code: string | undefined
  /** What has happened, for the user. */
  readonly words: string | undefined
}

/** The time until a new connection after the server has closed the old one. */
const AGAIN_MS = 1000

/** A single probe counts as unanswered only after this many round trips. */
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

  /** Reads the state from the kernel. */
  look(): Snapshot {
    if (!this.#socket.connecting && !this.#socket.destroyed && this.#isOpen())
      this.#attempt(() => this.#ask())
    return this.#last
  }

  /** Ends the watching. A peer that has not accepted the connection by now was not reached. */
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
      // Set before the connection is made, so that the attempt is bounded too.
      setKeepAlive(socket, this.#options)
    } catch (error) {
      socket.destroy()
      throw error
    }
    socket.resume() // discard a greeting of the server
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

  /** Catches errors of the system, because in events and timers nobody else would. */
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
