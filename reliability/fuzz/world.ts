/** The sockets and servers that are the targets: each is connected, ended, reset, reconnected and so on. */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import { setImmediate as turn } from 'node:timers/promises'
import { certificate } from '../../lab/servers/certificate.ts'
import { descriptorOf, handleOf } from '../handles.ts'
import type { Random } from '../random.ts'

/** A place for one object at a time. */
export interface Slot {
  readonly kind: 'tcp' | 'unix' | 'tls' | 'server'
  object: net.Socket | net.Server
}

const KINDS = { tcp: 12, unix: 2, tls: 2, server: 3 }

/** How many accepted connections and former descriptor numbers are available as targets. */
const REMEMBERED = 8

export class World {
  readonly slots: Slot[]
  /** Connections that the servers accepted, the newest last. */
  readonly accepted: net.Socket[] = []
  readonly formerNumbers: number[] = []
  readonly #tcp: net.Server
  readonly #unix: net.Server
  readonly #tls: tls.Server
  readonly #servers: readonly net.Server[]
  readonly #path: string
  /** The servers' ends of all connections, also of those whose TLS handshake does not end. */
  readonly #connections = new Set<net.Socket>()
  #isClosing = false

  private constructor(path: string) {
    this.#path = path
    this.#tcp = net.createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket))
    this.#unix = net.createServer((socket) => this.#accept(socket))
    this.#tls = tls.createServer(certificate, (socket) => this.#accept(socket))
    this.#servers = [this.#tcp, this.#unix, this.#tls]
    this.slots = Object.entries(KINDS).flatMap(([kind, count]) =>
      Array.from({ length: count }, () => ({ kind: kind as Slot['kind'], object: new net.Socket() })),
    )
  }

  /** @param path where to listen for Unix-domain sockets */
  static async open(path: string): Promise<World> {
    const world = new World(path)
    world.#tcp.listen(0, '127.0.0.1')
    world.#tls.listen(0, '127.0.0.1')
    world.#unix.listen(path)
    await Promise.all(world.#servers.map((server) => once(server, 'listening')))
    for (const server of world.#servers)
      server.on('error', () => {}).on('connection', (socket) => world.#note(socket))
    for (const slot of world.slots) world.#connect(slot, 0)
    return world
  }

  get port(): number {
    return (this.#tcp.address() as net.AddressInfo).port
  }

  *objects(): Iterable<net.Socket | net.Server> {
    for (const { object } of this.slots) yield object
    yield* this.accepted
    yield* this.#servers
  }

  /** Connects, ends, resets or otherwise changes one of them. @returns what it did */
  step(random: Random): string {
    const slot = random.pick(this.slots) as Slot
    const choice = random.below(12)
    this.noteNumber(slot.object)
    if (slot.kind === 'server') return this.#stepServer(slot, choice)
    return this.#stepSocket(slot, slot.object as net.Socket, choice)
  }

  /** Closes a socket or server at once, so that its number is free in this tick. */
  end(slot: Slot): void {
    const { object } = slot
    this.noteNumber(object)
    if (object instanceof net.Socket) object.destroy()
    else if (object.listening) object.close()
  }

  noteNumber(object: object): void {
    const fd = descriptorOf(object)
    if (fd < 0) return
    this.formerNumbers.push(fd)
    if (this.formerNumbers.length > REMEMBERED) this.formerNumbers.shift()
  }

  async close(): Promise<void> {
    this.#isClosing = true
    for (const slot of this.slots) this.end(slot)
    const closed = this.#servers.map((server) => once(server, 'close'))
    for (const server of this.#servers) server.close()
    // Connections in the backlog are accepted now.
    for (let round = 0; round < 20; round++) {
      for (const socket of [...this.accepted, ...this.#connections]) socket.destroy()
      await turn()
    }
    await Promise.all(closed)
    rmSync(this.#path, { force: true })
  }

  #stepSocket(slot: Slot, socket: net.Socket, choice: number): string {
    // Most destroyed sockets are connected again, or most targets would be destroyed ones.
    switch (socket.destroyed && choice > 1 ? choice + 4 : choice) {
      case 0:
        socket.destroy()
        slot.object = quiet(new net.Socket())
        return 'fresh'
      case 1:
        socket.destroy()
        return 'destroy'
      case 2:
        // A socket that has sent its end cannot be reset: Node leaves the descriptor open (uv_tcp_close_reset).
        if (slot.kind === 'tcp' && !socket.writableEnded) socket.resetAndDestroy()
        return 'reset'
      case 3:
        if (isOpen(socket)) socket.end('bye')
        return 'end'
      case 4:
        if (!socket.connecting && !socket.destroyed) handleOf(socket)?.close()
        return 'close the handle'
      case 5:
      case 6:
        // Before 'close', Node would treat the new connection as ended.
        if (slot.kind === 'tcp' && socket.closed) {
          socket.connect(this.port, '127.0.0.1')
        } else if (isOpen(socket)) socket.write('.')
        return 'connect again'
      default:
        socket.destroy()
        this.#connect(slot, choice)
        return 'connect'
    }
  }

  #connect(slot: Slot, choice: number): void {
    const { port } = this
    if (slot.kind === 'server') {
      const server = net.createServer((socket) => this.#accept(socket)).on('error', () => {})
      // It may start to listen after another server has replaced it.
      server.on('listening', () => void (slot.object === server && !this.#isClosing ? 0 : server.close()))
      slot.object = server
    } else if (slot.kind === 'unix') slot.object = quiet(net.connect(this.#path))
    else if (slot.kind === 'tls') {
      const { port } = this.#tls.address() as net.AddressInfo
      const options = { port, host: '127.0.0.1', rejectUnauthorized: false }
      const socket = choice % 2 === 0 ? quiet(net.connect(port, '127.0.0.1')) : undefined
      slot.object = quiet(tls.connect(socket ? { ...options, socket } : options))
    } else if (choice === 8) slot.object = quiet(net.connect({ port, host: 'localhost' }))
    else if (choice === 9) {
      const keepAlive = { keepAlive: true, keepAliveInitialDelay: 9000 }
      slot.object = quiet(net.connect({ port, host: '127.0.0.1', ...keepAlive }))
    } else slot.object = quiet(net.connect({ port, host: '127.0.0.1', allowHalfOpen: choice === 10 }))
  }

  #stepServer(slot: Slot, choice: number): string {
    const server = slot.object as net.Server
    if (choice < 4) {
      if (server.listening) server.close()
      this.#connect(slot, choice)
      return 'another server'
    }
    if (choice < 8 && !server.listening) {
      server.listen(0, '127.0.0.1')
      return 'listen'
    }
    if (server.listening) server.close()
    return 'close'
  }

  #note(socket: net.Socket): void {
    this.#connections.add(socket)
    socket.once('close', () => this.#connections.delete(socket))
    if (this.#isClosing) socket.destroy()
  }

  #accept(socket: net.Socket): void {
    quiet(socket).resume()
    this.accepted.push(socket)
    if (this.accepted.length > REMEMBERED) this.accepted.shift()?.destroy()
  }
}

/** False if its handle has been closed: then Node's own methods throw. */
function isOpen(socket: net.Socket): boolean {
  return socket.writable && (socket.connecting || descriptorOf(socket) >= 0)
}

function quiet<S extends net.Socket>(socket: S): S {
  return socket.on('error', () => {})
}
