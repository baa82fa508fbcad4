/** Every sequence of holds, installs, releases, drivers' calls and reconnects ends as the rules say. */
import { once } from 'node:events'
import net from 'node:net'
import test from 'ava'
import fc from 'fast-check'
import {
  getKeepAlive,
  holdKeepAlive,
  installKeepAlive,
  type KeepAlive,
  type KeepAliveHold,
  type KeepAliveInstall,
  setKeepAlive,
} from 'tcp-keepalive'
import { listening, tracked } from './sockets.ts'

type Step =
  | { readonly kind: 'hold' | 'install' | 'own' | 'driver'; readonly time: number }
  | { readonly kind: 'release' | 'uninstall'; readonly index: number }
  | { readonly kind: 'driver off' | 'own off' | 'reconnect' }

const time = fc.integer({ min: 2, max: 30_000 }).map((seconds) => seconds * 1000)
const index = fc.nat(3)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('hold', 'install', 'own', 'driver'), time }),
  fc.record({ kind: fc.constantFrom('release', 'uninstall'), index }),
  fc.record({ kind: fc.constantFrom('driver off', 'own off', 'reconnect') }),
)

interface Wanted {
  values: KeepAlive
}

/** The rules of `holdKeepAlive` and `installKeepAlive`, implemented a second time, without a socket. */
class Rules {
  holds: Wanted[] = []
  installs: Wanted[] = []
  /** The installs that existed when the socket connected. */
  covering: Wanted[] = []
  amended: { readonly of: Wanted; readonly values: KeepAlive } | undefined
  /** `undefined` if only Node knows it. */
  kernel: KeepAlive | undefined

  get install(): Wanted | undefined {
    return this.covering.findLast((each) => this.installs.includes(each))
  }

  get governing(): KeepAlive | undefined {
    const { install, amended } = this
    const hold = this.holds.at(-1)
    if (hold) return hold.values
    return amended && amended.of === install ? amended.values : install?.values
  }

  connect(): void {
    this.covering = [...this.installs]
    this.amended = undefined
    this.kernel = this.governing
  }

  driver(time: number | false): void {
    if (this.governing) this.kernel = this.governing
    else if (this.kernel && time === false) this.kernel = { ...this.kernel, enabled: false }
    else if (this.kernel && time !== false) {
      this.kernel = { ...this.kernel, enabled: true, time, interval: 1000, retries: 10 }
    }
  }

  own(time: number): void {
    const values = this.governing
    if (this.kernel) this.kernel = { ...this.kernel, enabled: true, time }
    if (!values) return
    const changed = { ...values, enabled: true, time }
    const hold = this.holds.at(-1)
    if (hold) hold.values = changed
    else if (this.install) this.amended = { of: this.install, values: changed }
    // If an install has ended since, the next one's values are set at the next call.
  }

  ownOff(): void {
    this.holds = []
    this.covering = []
    this.amended = undefined
    if (this.kernel) this.kernel = { ...this.kernel, enabled: false }
  }

  release(hold: Wanted): void {
    if (!this.holds.includes(hold)) return
    this.holds = this.holds.filter((other) => other !== hold)
    if (this.governing) this.kernel = this.governing
  }
}

const valuesOf = (time: number): KeepAlive & { time: number } => ({
  enabled: true,
  time,
  interval: 3000,
  retries: 4,
  userTimeout: time + 5000,
})

// This package reads the values itself, because there are thousands of reads. In the other tests another process reads them.
test.serial('every sequence ends as the rules say', async (t) => {
  const { port } = await listening(t)
  const property = fc.asyncProperty(fc.array(step, { maxLength: 16 }), async (steps) => {
    const rules = new Rules()
    const holds: Array<readonly [KeepAliveHold, Wanted]> = []
    const installs: Array<readonly [KeepAliveInstall, Wanted]> = []
    const socket = tracked(t, new net.Socket())
    const connect = async (): Promise<void> => {
      socket.connect(port, '127.0.0.1')
      await once(socket, 'connect')
      rules.connect()
    }
    await connect()
    rules.kernel = getKeepAlive(socket)
    let last = 0
    for (const each of steps) {
      if (each.kind === 'hold') {
        const wanted = { values: valuesOf(each.time) }
        rules.holds.push(wanted)
        rules.kernel = wanted.values
        holds.push([holdKeepAlive(socket, wanted.values), wanted])
      } else if (each.kind === 'install') {
        const wanted = { values: valuesOf(each.time) }
        rules.installs.push(wanted)
        installs.push([installKeepAlive(wanted.values, { match: port }), wanted])
      } else if (each.kind === 'release' || each.kind === 'uninstall') {
        const hold = holds[each.index]
        const install = installs[each.index]
        if (each.kind === 'release' && hold) {
          hold[0].release()
          rules.release(hold[1])
        } else if (each.kind === 'uninstall' && install) {
          install[0].uninstall()
          rules.installs = rules.installs.filter((other) => other !== install[1])
        }
      } else if (each.kind === 'own') {
        setKeepAlive(socket, { time: each.time })
        rules.own(each.time)
      } else if (each.kind === 'own off') {
        setKeepAlive(socket, false)
        rules.ownOff()
      } else if (each.kind === 'driver') {
        const time = each.time === last ? each.time + 1000 : each.time // Node skips a call that repeats the last one
        last = time
        socket.setKeepAlive(true, time)
        rules.driver(time)
      } else if (each.kind === 'driver off') {
        socket.setKeepAlive(false)
        last = 0
        rules.driver(false)
      } else {
        socket.destroy()
        await new Promise((resolve) => {
          socket.once('close', resolve)
        })
        await connect()
        rules.kernel ??= getKeepAlive(socket)
        last = 0
      }
      t.deepEqual(getKeepAlive(socket), rules.kernel, each.kind)
    }
    for (const [hold] of holds) hold.release()
    for (const [install] of installs) install.uninstall()
    socket.destroy()
  })
  const before = Object.getOwnPropertyDescriptor(net.Socket.prototype, 'connect')
  await fc.assert(property, { numRuns: 300 })
  t.deepEqual(Object.getOwnPropertyDescriptor(net.Socket.prototype, 'connect'), before)
})
