/**
 * Looks over all descriptors again and again while native threads open, lock, close and reopen what they can, and tells as JSON what came
 * of it: `look.ts BINDING FOLDER SECONDS`.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type * as binding from 'tcp-keepalive/native'
import { looks } from '../../lab/taken-timers.ts'

export interface Looked {
  readonly looks: number
  readonly longestMs: number
  readonly adopted: number
  readonly files: number
  readonly sockets: number
  readonly lingering: number
  readonly locksLost: number
  readonly othersChanged: number
  readonly descriptorsLeft: number
  readonly threadsLeft: number
}

interface Misbehaving {
  startDisturbing(meant: number, other: number, stuck: number, folder: string): void
  stopDisturbing(): readonly number[]
}

const { installKeepAlive } = await import('tcp-keepalive')

/** Only looks that were ready count: where the owner of a socket closes it in a way that waits, a look is asked for again and again. */
const native = createRequire(import.meta.url)('tcp-keepalive/native') as typeof binding
let done = 0
const { lookForConnections } = native
Object.assign(native, {
  lookForConnections(...given: Parameters<typeof lookForConnections>): number {
    const count = lookForConnections(...given)
    if (count >= 0) done++
    return count
  },
})

const [, , path = '', folder = '', seconds = '20'] = process.argv
const { startDisturbing, stopDisturbing } = createRequire(import.meta.url)(path) as Misbehaving

const peers = fork(join(import.meta.dirname, 'peers.cjs'))
const [[meant, other, stuck]] = (await once(peers, 'message')) as [[number, number, number]]

/** Once before it counts, so that nothing that is loaded or opened once is counted. */
installKeepAlive({ detectWithin: 5000 }, { reach: 'process', match: [1] }).uninstall()
const before = left()
const install = installKeepAlive({ detectWithin: 5000 }, { reach: 'process', match: [meant, stuck] })
const look = looks.at(-1)
if (look === undefined) throw new Error('no timer was started')

startDisturbing(meant, other, stuck, folder)
done = 0
let longestMs = 0
for (const end = Date.now() + Number(seconds) * 1000; Date.now() < end;) {
  const begun = performance.now()
  look()
  longestMs = Math.max(longestMs, performance.now() - begun)
  await setImmediate()
}
const [files = 0, sockets = 0, lingering = 0, locksLost = 0, othersChanged = 0, adopted = 0] =
  stopDisturbing()
install.uninstall()
peers.kill()
await once(peers, 'exit')

/** What lingers ends within 4 s. */
let after = left()
for (let patience = 0; patience < 300 && isMore(after); patience++) {
  await sleep(100)
  after = left()
}
const looked: Looked = {
  looks: done,
  longestMs,
  adopted,
  files,
  sockets,
  lingering,
  locksLost,
  othersChanged,
  descriptorsLeft: Math.max(0, after.descriptors - before.descriptors),
  threadsLeft: Math.max(0, after.threads - before.threads),
}
process.stdout.write(JSON.stringify(looked))

function isMore({ descriptors, threads }: ReturnType<typeof left>): boolean {
  return descriptors > before.descriptors || threads > before.threads
}

function left(): { descriptors: number; threads: number } {
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
  }
}
