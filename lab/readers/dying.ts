/** Slow readers of every kind: they live for a time, then die in every state. The writers get errors or not. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { KeepAliveOptions } from 'tcp-keepalive'
import type { Lab } from '../network/lab.ts'
import type { Program } from '../network/program.ts'
import { certificate } from '../servers/certificate.ts'
import type { Timed } from '../timing.ts'
import { type Death, DEATHS, FAST, type Kind, KINDS, STOPPED } from './kinds.ts'
import { SlowReader } from './slow-reader.ts'

export interface Lost extends Timed {
  readonly code: string
}

interface One {
  readonly name: string
  readonly kind: Kind
  readonly death: Death
  readonly secure: boolean
  readonly reader: SlowReader
  readonly port: number
}

interface Dying extends Pick<One, 'name' | 'death' | 'secure'> {
  /** Milliseconds from the death, or from the write after it; `undefined`: no error. */
  readonly took: number | undefined
  readonly code: string | undefined
  readonly pausedMs: number
}

export interface Course {
  /** The errors of writers whose peers lived. */
  readonly dropped: readonly Lost[]
  /** In the order of {@link KINDS} and {@link DEATHS}; empty if no peer was to die. */
  readonly dying: readonly Dying[]
}

interface Plan {
  /** The options of the install in the writers' program. */
  readonly options: KeepAliveOptions
  /** How long the peers live, in milliseconds. */
  readonly livingMs: number
  /** The longest wait after their death, in milliseconds; 0: they do not die. */
  readonly deadMs: number
}

export async function liveAndDie(lab: Lab, { options, livingMs, deadMs }: Plan): Promise<Course> {
  const all = await connectAll(lab)
  const writers = startWriters(lab, all, options)
  await Promise.all(all.map(({ reader, port, kind }) => reader.read(port, kind.pace)))
  await sleep(livingMs)
  const dropped = writers.told<Lost>('lost')
  if (deadMs === 0) {
    await writers.stop()
    return { dropped, dying: [] }
  }
  await prepareDeaths(writers, all)
  for (const { death, reader, port } of all)
    if (death === 'just opened') await reader.read(port, { bytes: 4096, every: 1e6 })
  await lab.cut()
  const diedAt = performance.timeOrigin + performance.now()
  const late = namesWith(all, 'drained, then a write')
  writers.send({ action: 'write', names: late })
  const { data: wroteAt } = await writers.event<number>('wrote')
  const until = performance.now() + deadMs
  while (performance.now() < until && writers.told<Lost>('lost').length < all.length) await sleep(50)
  const lost = new Map(writers.told<Lost>('lost').map((loss) => [loss.name, loss]))
  await writers.stop()
  const dying = all.map(({ name, death, secure }) => {
    const loss = lost.get(name)
    const took = loss && loss.at - (late.includes(name) ? wroteAt : diedAt)
    return { name, death, secure, took, code: loss?.code, pausedMs: loss?.pausedMs ?? 0 }
  })
  return { dropped, dying }
}

/** One of each kind for each death, plain and over TLS. */
async function connectAll(lab: Lab): Promise<One[]> {
  const plain = new SlowReader(lab.server)
  const overTls = new SlowReader(lab.server, await startTls(lab))
  const each = [plain, overTls].flatMap((reader) =>
    KINDS.flatMap((kind) => DEATHS.map((death) => ({ reader, kind, death, secure: reader === overTls }))),
  )
  return Promise.all(
    each.map(async (one) => ({
      ...one,
      name: `${one.secure ? 'TLS' : 'plain'}, ${one.kind.name}, ${one.death}`,
      port: await one.reader.listen({ ...one.kind, atOnce: one.secure ? 4096 : 0 }),
    })),
  )
}

/** Reads all that the slow reader sends on to it, on loopback. */
async function startTls(lab: Lab): Promise<number> {
  const server = lab.server.start(async (options: { key: string; cert: string }, { tell }) => {
    const { createServer } = await import('node:tls')
    const listener = createServer(options, (socket) => socket.on('error', () => {}).resume())
    listener.listen(0, '127.0.0.1', () => tell('listening', (listener.address() as { port: number }).port))
  }, certificate)
  return (await server.event<number>('listening')).data
}

/** Starts a program that writes as much as it can to each of these ports. */
export function startWriters(
  lab: Lab,
  to: ReadonlyArray<Pick<One, 'name' | 'port' | 'secure'>>,
  options: KeepAliveOptions,
): Program<void> {
  const all = to.map(({ name, port, secure }) => ({ name, port, secure }))
  const module = new URL('writers.mjs', import.meta.url)
  return lab.client.startModule(module, 'runWriters', { host: lab.server.address, all, options })
}

/** All but the drained ones stop reading. The data that fits into the window arrives within a second. */
async function prepareDeaths(writers: Program<void>, all: readonly One[]): Promise<void> {
  const names = [...namesWith(all, 'drained'), ...namesWith(all, 'drained, then a write')]
  for (const { name, reader, port } of all) await reader.read(port, names.includes(name) ? FAST : STOPPED)
  writers.send({ action: 'drain', names })
  await writers.event('drained')
  await sleep(1000)
}

function namesWith(all: readonly One[], death: Death): string[] {
  return all.filter((one) => one.death === death).map(({ name }) => name)
}
