/** Sockets that are no target of any call, among those that are. */
import { strict as assert } from 'node:assert'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'
import { setKeepAlive } from 'tcp-keepalive'
import { connectedPair, type Readback, readback, UNTOUCHED } from '../../lab/readback/readback.ts'
import { descriptorOf, type Handle, handleOf, openTcp } from '../handles.ts'
import { NONE, Watch } from './watch.ts'

const VALUES = { time: 4_321_000, interval: 43_000, retries: 21, userTimeout: 654_321 }
const READ: Readback = { ...VALUES, enabled: 1, time: 4321, interval: 43 }

/** Lower numbers may be free too, and the system gives these first. */
const MOST_FOREIGN = 6

export class Bystanders {
  readonly #tcp: Array<readonly [target: net.Socket | net.Server, values: Readback]> = []
  /** Another process reads these, because this package reads TCP sockets only. */
  readonly #notTcp: Array<UdpSocket | net.Server | net.Socket> = []
  readonly watch: Watch = new Watch()
  /** Opened in the tick in which another socket was closed, to get its number. */
  #foreign: Handle[] = []
  /** Their open descriptors. */
  readonly numbers: Set<number> = new Set()
  /** How many were opened so, and how many of them got the number of the closed one. */
  foreign = 0
  reused = 0

  /** @param path where to listen for the Unix-domain sockets among them */
  static async open(path: string): Promise<Bystanders> {
    const made = new Bystanders()
    for (const withValues of [true, false, true, false]) {
      const { client, accepted, server } = await connectedPair()
      if (withValues) setKeepAlive(client, VALUES)
      made.#add(client, withValues ? READ : UNTOUCHED)
      made.#add(accepted, UNTOUCHED)
      made.#add(server, UNTOUCHED)
    }
    await made.#openOthers(path)
    return made
  }

  /** @throws if any has changed */
  check(): void {
    this.watch.check(NONE)
  }

  /**
   * Opens sockets in this tick until one gets a number, at most a few.
   *
   * @param number the descriptor that has just been closed
   * @param meant numbers that a running call was given: it may change the socket that has one
   */
  openForeign(number: number, meant: readonly number[]): void {
    for (let opened = 0; opened < MOST_FOREIGN; opened++) {
      const handle = openTcp(this.#tcp[0]?.[0] as net.Socket)
      this.#foreign.push(handle)
      if (meant.includes(handle.fd)) continue
      this.foreign++
      this.numbers.add(handle.fd)
      this.watch.add(handle, 'a socket that was opened in the same tick')
      if (handle.fd !== number) continue
      this.reused++
      return
    }
  }

  /** Closes those of {@link openForeign}. @throws if any has changed */
  closeForeign(): void {
    if (this.#foreign.length === 0) return
    this.check()
    for (const handle of this.#foreign.splice(0)) {
      this.numbers.delete(handle.fd)
      handle.close()
    }
    this.watch.forgetClosed()
  }

  /** Another process reads all. @returns how many; throws if any has changed */
  checkFromOutside(): number {
    for (const [target, values] of this.#tcp) assert.deepEqual(readback(target), values)
    for (const number of this.notTcp) assert.equal(readback(number).enabled, UNTOUCHED.enabled)
    return this.#tcp.length + this.#notTcp.length
  }

  async close(): Promise<void> {
    this.closeForeign()
    const all = [...this.#tcp.map(([target]) => target), ...this.#notTcp]
    const closed = all.map((each) => once(each, 'close'))
    for (const each of all) {
      if (each instanceof net.Socket) each.destroy()
      else each.close()
    }
    await Promise.all(closed)
  }

  /** Unix-domain sockets and one of UDP: the kernel would change them, the package may not. */
  get notTcp(): readonly number[] {
    return this.#notTcp.map((each) => numberOf(each))
  }

  async #openOthers(path: string): Promise<void> {
    const server = net.createServer().listen(path)
    await once(server, 'listening')
    const client = net.connect(path)
    const [accepted] = (await once(server, 'connection')) as [net.Socket]
    const udp = createSocket('udp4')
    udp.bind(0, '127.0.0.1')
    await once(udp, 'listening')
    this.#notTcp.push(server, client, accepted, udp)
  }

  #add(target: net.Socket | net.Server, values: Readback): void {
    this.#tcp.push([target, values])
    this.numbers.add(descriptorOf(target))
    this.watch.add(handleOf(target), 'a bystander')
  }
}

/** The descriptor. A UDP socket has its handle under a symbol. */
function numberOf(target: object): number {
  const key = Object.getOwnPropertySymbols(target).find(({ description }) => description === 'state symbol')
  const state = key && (target as Record<symbol, { handle: Handle }>)[key]
  return state ? state.handle.fd : descriptorOf(target)
}
