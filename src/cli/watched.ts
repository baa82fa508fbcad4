/** One connection that is watched: made, given its values, and asked. Nothing is ever sent on it. */
import { connect, type Socket } from 'node:net'
import { getKeepAlive, getTcpInfo, type KeepAliveOptions, outcomeOf, setKeepAlive } from 'tcp-keepalive'
import { probesUntilGivenUp } from '../settings/plan.ts'
import type { Address } from './peers.ts'

export type Status = 'connecting' | 'alive' | 'silent' | 'closed' | 'lost'

/** How it stands with a connection at a moment. */
export interface Snapshot {
  readonly peer: string
  readonly service: string | undefined
  readonly status: Status
  /** Milliseconds since the peer was heard. */
  readonly silentFor: number | undefined
  readonly unansweredProbes: number
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

const IN_WORDS: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'nobody could be asked where that host is',
  EADDRNOTAVAIL: 'this machine has no address to connect from',
  ECONNREFUSED: 'the machine is there, and nothing listens on that port',
  EHOSTUNREACH: 'unreachable: a router says that there is no way',
  ENETUNREACH: 'unreachable: there is no way to that network',
  ENOTFOUND: 'there is no such host',
  ETIMEDOUT: 'nothing answers',
}

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
      unansweredProbes: 0,
      probes: 0,
      roundTrip: undefined,
      code: undefined,
      words: undefined,
    }
    this.#socket = this.#connect()
  }

  /** Asks the kernel. */
  look(): Snapshot {
    if (!this.#socket.connecting && !this.#socket.destroyed && this.#isOpen()) this.#ask()
    return this.#last
  }

  /** Who has not answered until now could not be connected to. */
  end(): Snapshot {
    clearTimeout(this.#again)
    this.#socket.destroy()
    if (this.#last.status === 'connecting') this.#change({ status: 'lost', words: 'nothing has answered' })
    return this.#last
  }

  #connect(): Socket {
    const { host, port } = this.#address
    const socket = connect({ host, port })
    socket.resume() // what a server says first is of no interest
    socket.once('connect', () => {
      setKeepAlive(socket, this.#options)
      this.#change({ status: 'alive', probes: probesUntilGivenUp(getKeepAlive(socket)), words: undefined })
    })
    socket.once('end', () => this.#hungUp())
    socket.once('error', (error) => this.#lost(error))
    return socket
  }

  #ask(): void {
    const info = getTcpInfo(this.#socket)
    const { silentFor, unansweredProbes = 0, roundTrip = 0 } = info
    if (unansweredProbes === 0) this.#unansweredSince = undefined
    else this.#unansweredSince ??= performance.now()
    const waited = performance.now() - (this.#unansweredSince ?? Number.POSITIVE_INFINITY)
    const isSilent = unansweredProbes > 1 || waited > roundTrip * ROUND_TRIPS
    const status = isSilent ? 'silent' : 'alive'
    this.#change({ status, silentFor, unansweredProbes, roundTrip })
  }

  #hungUp(): void {
    this.#change({ status: 'closed', words: 'the server hung up; connecting again', unansweredProbes: 0 })
    this.#socket.destroy()
    this.#again = setTimeout(() => (this.#socket = this.#connect()), AGAIN_MS)
  }

  #lost(error: NodeJS.ErrnoException): void {
    const { code } = error
    this.#change({ status: 'lost', code, words: inWords(error, this.#last) })
  }

  #isOpen(): boolean {
    return this.#last.status === 'alive' || this.#last.status === 'silent'
  }

  #change(change: Partial<Snapshot>): void {
    this.#last = { ...this.#last, ...change }
  }
}

function inWords(error: NodeJS.ErrnoException, { silentFor, unansweredProbes }: Snapshot): string {
  const { code = '' } = error
  switch (outcomeOf(error)) {
    case 'no-answer':
      return `no answer to ${unansweredProbes} probes, silent for ${((silentFor ?? 0) / 1000).toFixed(1)} s`
    case 'reset':
      return 'the peer was restarted, or has dropped the connection'
    case 'unreachable':
      return 'a router says that there is no way to the peer any more'
    default:
      return IN_WORDS[code] ?? error.message
  }
}
