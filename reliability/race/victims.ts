/** Sockets that will be closed. They are connected in batches, because each connection takes a turn of the event loop. */
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { holdKeepAlive, type KeepAliveHold, setKeepAlive } from 'tcp-keepalive'
import { handleOf } from '../handles.ts'
import type { Random } from '../random.ts'

/** What is set on sockets that are closed, or will be. */
export const VALUES = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }

export interface Victim {
  readonly kind: 'client' | 'accepted' | 'connecting' | 'TLS'
  readonly socket: net.Socket
  /** The TCP connection: not `socket` itself if TLS is around it. */
  readonly connection: net.Socket
  readonly hold: KeepAliveHold | undefined
}

const WAYS = ['destroy', 'reset', 'close the handle', 'destroy while options are read'] as const

export type Way = (typeof WAYS)[number]

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
      socket.on('error', () => {})
      this.#accepted.set(socket.remotePort ?? 0, socket)
    })
    await once(this.server.listen(0, '127.0.0.1'), 'listening')
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port
  }

  connect(): net.Socket {
    return net.connect(this.port, '127.0.0.1').on('error', () => {})
  }

  /** Sockets of all kinds, half of them held. The highest descriptors come first, so that closing one leaves no lower gap. */
  async batch(count: number): Promise<Victim[]> {
    const clients = Array.from({ length: count }, () => this.connect())
    await Promise.all(clients.map((client) => once(client, 'connect')))
    const peerOf = ({ localPort = 0 }: net.Socket): net.Socket | undefined => this.#accepted.get(localPort)
    while (!clients.every((client) => peerOf(client))) await once(this.server, 'connection')
    return clients.toReversed().map((client) => {
      const choice = this.#random.below(12)
      if (choice === 0) {
        const socket = tls.connect({ socket: client }).on('error', () => {})
        return this.#victim('TLS', socket, client)
      }
      const accepted = peerOf(client)
      if (choice < 5 && accepted) return this.#victim('accepted', accepted)
      // A connecting socket is created in the cycle in which it is closed.
      return this.#victim(choice < 8 ? 'connecting' : 'client', client)
    })
  }

  /** A socket that has a descriptor, and values that wait for its 'connect'. */
  async connecting(): Promise<Victim> {
    const socket = this.connect()
    const victim = this.#victim('connecting', socket)
    setKeepAlive(socket, VALUES)
    await new Promise<void>((resolve) => process.nextTick(resolve))
    return victim
  }

  endAll(): void {
    for (const socket of this.#accepted.values()) socket.destroy()
    this.#accepted.clear()
  }

  #victim(kind: Victim['kind'], socket: net.Socket, connection: net.Socket = socket): Victim {
    const hold = this.#random.oneIn(2) ? holdKeepAlive(socket, VALUES) : undefined
    return { kind, socket, connection, hold }
  }
}

/**
 * Closes a victim's connection within this tick.
 *
 * @param then called at once after that
 */
export function close({ connection, socket }: Victim, way: Way, then: () => void): void {
  if (way === 'destroy while options are read') {
    const getter = {
      get time(): number {
        connection.destroy()
        then()
        return VALUES.time
      },
    }
    try {
      setKeepAlive(socket, getter)
    } catch {
      return // the expected error
    }
    throw new Error('values were set on a socket that was destroyed while they were read')
  }
  if (way === 'reset') connection.resetAndDestroy()
  else if (way === 'destroy') connection.destroy()
  else handleOf(connection)?.close()
  then()
}

export function chooseWay(random: Random, { connection }: Victim): Way {
  const way = random.pick(WAYS)
  // Node resets a connecting socket only after 'connect', and throws if its handle was closed before.
  return connection.connecting && (way === 'reset' || way === 'close the handle') ? 'destroy' : way
}
