/** Sockets to which nothing is ever done, among those to which everything is done. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'
import { setKeepAlive } from 'tcp-keepalive'
import { type Readback, readback, UNTOUCHED } from '../../lab/readback/readback.ts'
import { descriptorOf, type Handle, handleOf, openTcp } from '../handles.ts'
import { Watch } from './watch.ts'

const VALUES = { time: 4_321_000, interval: 43_000, retries: 21, userTimeout: 654_321 }
const HELD: Readback = { enabled: 1, time: 4321, interval: 43, retries: 21, userTimeout: 654_321 }

/** Lower numbers may be free, too, and go first. */
const MOST_FOREIGN = 6

interface Bystander {
  readonly target: net.Socket | net.Server
  readonly held: Readback
}

/** No descriptor may change here; what has none of its own to be read by this package, another process reads. */
const NOTHING: ReadonlySet<number> = new Set()

export class Bystanders {
  readonly #server: net.Server
  readonly #all: Bystander[] = []
  readonly #others: Array<UdpSocket | net.Server | net.Socket> = []
  readonly #watch = new Watch()
  /** Opened in the very tick in which another socket was closed, to get its number. */
  #foreign: Handle[] = []
  #numbers = new Set<number>()
  /** How many were opened so, and how many of them got the number that had just been another's. */
  foreign = 0
  reused = 0

  private constructor(server: net.Server) {
    this.#server = server
  }

  /** @param path where to listen for the Unix-domain sockets among them */
  static async open(path: string): Promise<Bystanders> {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const made = new Bystanders(server)
    made.#keep(server, UNTOUCHED)
    for (let index = 0; index < 4; index++) await made.#connect(index % 2 === 0)
    await made.#openOthers(path)
    made.#numbers = new Set(made.#watch.descriptors())
    return made
  }

  /** Their descriptors, as long as they are open. */
  get numbers(): ReadonlySet<number> {
    return this.#numbers
  }

  get readings(): number {
    return this.#watch.readings
  }

  /** @throws where any of them has changed */
  check(): void {
    this.#watch.check(NOTHING)
  }

  /**
   * Opens more in this tick, until one gets this number or a few have not.
   *
   * @param number the descriptor that has just been closed
   * @param meant those that a program has given as they are, with which it means whatever has such a number
   */
  openForeign(number: number, meant: readonly number[]): void {
    for (let opened = 0; opened < MOST_FOREIGN; opened++) {
      const handle = openTcp(this.#server)
      this.#foreign.push(handle)
      if (meant.includes(handle.fd)) continue
      this.foreign++
      this.#numbers.add(handle.fd)
      this.#watch.add(handle, 'a socket that was opened in the same tick')
      if (handle.fd !== number) continue
      this.reused++
      return
    }
  }

  /** @throws where any of them has changed; closes those of {@link openForeign} */
  closeForeign(): void {
    if (this.#foreign.length === 0) return
    this.check()
    for (const handle of this.#foreign) {
      this.#numbers.delete(handle.fd)
      handle.close()
    }
    this.#foreign = []
    this.#watch.forgetClosed()
  }

  /** What another process reads of them. @throws where it is not what it was */
  checkFromOutside(): number {
    for (const { target, held } of this.#all) compare('a bystander', readback(target), held)
    const { enabled } = UNTOUCHED
    for (const target of this.#others) {
      const got = readback(numberOf(target)).enabled
      if (got !== enabled)
        throw new Error(`SO_KEEPALIVE of a ${target.constructor.name} that is not TCP: ${got}`)
    }
    return this.#all.length + this.#others.length
  }

  async close(): Promise<void> {
    this.closeForeign()
    const all = [...this.#all.map(({ target }) => target), ...this.#others]
    const closed = all.map((each) => once(each, 'close'))
    for (const each of all) {
      if (each instanceof net.Socket) each.destroy()
      else each.close()
    }
    await Promise.all(closed)
  }

  /** What is neither TCP nor to be changed, though the kernel would: a Unix-domain socket and one of UDP. */
  get notTcp(): readonly number[] {
    return this.#others.map((each) => numberOf(each))
  }

  async #connect(withValues: boolean): Promise<void> {
    const client = net.connect((this.#server.address() as net.AddressInfo).port, '127.0.0.1')
    const [accepted] = (await once(this.#server, 'connection')) as [net.Socket]
    if (client.connecting) await once(client, 'connect')
    if (withValues) setKeepAlive(client, VALUES)
    this.#keep(client, withValues ? HELD : UNTOUCHED)
    this.#keep(accepted, UNTOUCHED)
  }

  async #openOthers(path: string): Promise<void> {
    const server = net.createServer().listen(path)
    await once(server, 'listening')
    const client = net.connect(path)
    const [accepted] = (await once(server, 'connection')) as [net.Socket]
    const udp = createSocket('udp4')
    udp.bind(0, '127.0.0.1')
    await once(udp, 'listening')
    this.#others.push(server, client, accepted, udp)
  }

  #keep(target: net.Socket | net.Server, held: Readback): void {
    if (target instanceof net.Socket) target.on('error', () => {})
    this.#all.push({ target, held })
    this.#watch.add(handleOf(target), 'a bystander')
  }
}

function compare(what: string, got: Readback, wanted: Readback): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)]
  if (a !== b) throw new Error(`another process reads ${a} of ${what}, which held ${b}`)
}

/** The descriptor, also of a UDP socket, which has its handle under a symbol. */
function numberOf(target: object): number {
  const key = Object.getOwnPropertySymbols(target).find(({ description }) => description === 'state symbol')
  const state = key && (target as Record<symbol, { handle: Handle }>)[key]
  return state ? state.handle.fd : descriptorOf(target)
}
