/** Sockets that are to die, connected in batches, as each costs a turn of the event loop. */
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { holdKeepAlive, type KeepAliveHold, setKeepAlive } from 'tcp-keepalive'
import { descriptorOf, handleOf } from '../handles.ts'
import type { Random } from '../random.ts'

/** What is asked for on sockets that are dead, or about to be. */
export const ASKED = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }

export type Kind = 'client' | 'accepted' | 'connecting' | 'TLS'

export interface Victim {
  readonly kind: Kind
  readonly socket: net.Socket
  /** The connection beneath; another than `socket` where there is TLS around it. */
  readonly connection: net.Socket
  readonly hold: KeepAliveHold | undefined
}

const DEATHS = ['destroy', 'reset', 'close the handle', 'destroy while options are read'] as const

export type Death = (typeof DEATHS)[number]

export class Victims {
  readonly server: net.Server = net.createServer()
  /** By the port of the other end. */
  readonly #accepted = new Map<number, net.Socket>()
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  async open(): Promise<void> {
    this.server.on('connection', (socket) => {
      this.#accepted.set(
        socket.remotePort ?? 0,
        socket.on('error', () => {}),
      )
    })
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port
  }

  connect(): net.Socket {
    return net.connect(this.port, '127.0.0.1').on('error', () => {})
  }

  /** So many, of all kinds, half of them held; the highest descriptors first, so that what dies leaves no lower gap. */
  async batch(count: number): Promise<Victim[]> {
    const clients = Array.from({ length: count }, () => this.connect())
    await Promise.all(clients.map((client) => once(client, 'connect')))
    const peerOf = ({ localPort = 0 }: net.Socket): net.Socket | undefined => this.#accepted.get(localPort)
    while (!clients.every((client) => peerOf(client))) await once(this.server, 'connection')
    return clients.toReversed().map((client) => {
      const choice = this.#random.below(12)
      if (choice === 0)
        return this.#victim(
          'TLS',
          tls.connect({ socket: client }).on('error', () => {}),
          client,
        )
      const accepted = peerOf(client)
      if (choice < 5 && accepted) return this.#victim('accepted', accepted)
      // One that is connecting has to be made in the cycle in which it dies.
      return this.#victim(choice < 8 ? 'connecting' : 'client', client)
    })
  }

  /** A socket that has a descriptor, and whose 'connect' is yet to come; values wait for it. */
  async connecting(): Promise<Victim> {
    const socket = this.connect()
    const held = this.#victim('connecting', socket)
    setKeepAlive(socket, ASKED)
    await new Promise<void>((resolve) => process.nextTick(resolve))
    return held
  }

  endAll(): void {
    for (const socket of this.#accepted.values()) socket.destroy()
    this.#accepted.clear()
  }

  #victim(kind: Kind, socket: net.Socket, connection: net.Socket = socket): Victim {
    const hold = this.#random.oneIn(2) ? holdKeepAlive(socket, ASKED) : undefined
    return { kind, socket, connection, hold }
  }
}

/**
 * Ends a victim's connection within this tick.
 *
 * @param then what is done at once, before anything else
 */
export function die({ connection, socket }: Victim, death: Death, then: () => void): void {
  if (death === 'destroy while options are read') {
    try {
      setKeepAlive(socket, {
        get time(): number {
          connection.destroy()
          then()
          return ASKED.time
        },
      })
    } catch {
      return // as it should; what it has done is looked at with the rest
    }
    throw new Error('values were set on a socket that was destroyed while they were read')
  }
  if (death === 'reset') connection.resetAndDestroy()
  else if (death === 'destroy') connection.destroy()
  else handleOf(connection)?.close()
  then()
}

export function chooseDeath(random: Random, { connection }: Victim): Death {
  const death = random.pick(DEATHS)
  // Node resets what is connecting when it is connected, and stumbles over a handle that was closed meanwhile.
  return connection.connecting && (death === 'reset' || death === 'close the handle') ? 'destroy' : death
}

export function numberOf({ connection }: Victim): number {
  return descriptorOf(connection)
}
