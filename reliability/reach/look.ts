/**
 * Scans all descriptors again and again, while native threads open, lock, close and reopen files and sockets. Prints the result
 * as JSON: `look.ts BINDING FOLDER SECONDS`.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type * as binding from 'tcp-keepalive/native'
import { looks } from '../../lab/taken-timers.ts'

/** Names of the figures that the threads count, in the order of the binding. */
const COUNTED = ['files', 'sockets', 'lingering', 'locksLost', 'othersChanged', 'adopted'] as const

export type Looked = Readonly<
  Record<'looks' | 'longestMs' | 'descriptorsLeft' | 'threadsLeft' | (typeof COUNTED)[number], number>
>

interface Misbehaving {
  startDisturbing(meant: number, other: number, stuck: number, folder: string): void
  stopDisturbing(): readonly number[]
}

const { installKeepAlive } = await import('tcp-keepalive')

/** Counts scans with a result: while an owner waits for its close, the package asks for a result again and again. */
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

/** The first install loads and opens what stays open; this must not be counted. */
installKeepAlive({ detectWithin: 5000 }, { reach: 'process', match: [1] }).uninstall()
const open = (): number[] => ['fd', 'task'].map((kind) => readdirSync(`/proc/self/${kind}`).length)
const before = open()
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
const counted = stopDisturbing()
install.uninstall()
peers.kill()
await once(peers, 'exit')

/** How many more descriptors and threads there are than before. */
const left = (): number[] => open().map((count, kind) => Math.max(0, count - (before[kind] ?? 0)))
// A close that lingers ends within 4 s.
for (let waited = 0; waited < 30_000 && left().some((count) => count > 0); waited += 100) await sleep(100)
const [descriptorsLeft, threadsLeft] = left()
const figures = COUNTED.map((name, index) => [name, counted[index] ?? 0])
const looked = { looks: done, longestMs, descriptorsLeft, threadsLeft, ...Object.fromEntries(figures) }
process.stdout.write(JSON.stringify(looked))
