/** What can happen between the pools and their server: each kind of fault, and whether a connection outlives it. */
import { once } from 'node:events'
import type { Lab } from '../../lab/network/lab.ts'
import type { Postgres } from '../../lab/servers/postgres.ts'
import { DEADLY_FAULT, DETECT_WITHIN, HARMLESS_CUT } from './promise.ts'
import type { Random } from '../random.ts'

export interface Fault {
  readonly name: string
  /** Whether every connection that was open is dead then, or none. */
  readonly kills: boolean
  /** Where a longer one decides nothing, in milliseconds. */
  readonly harmlessFor: number
  /** Whether no query is answered during it, from its first second on; a stopped server tells of itself in no other way. */
  readonly silences: boolean
  /** How long it lasts; one that kills, until every connection is told, but not less. In milliseconds. */
  readonly lastsMs: number
  /** When queries are asked during one that kills, in milliseconds from its beginning. */
  readonly load: { readonly from: number; readonly to: number }
  /** Whether queries that are larger than what the kernels keep are asked from its beginning on. */
  readonly asksLarge?: boolean
  begin(): Promise<void>
  end(): Promise<void>
}

export type FaultKind = (at: { lab: Lab; postgres: Postgres; random: Random }) => Fault

/** The middlebox between them forgets nothing that speaks once in so many seconds. */
export const PATIENCE_SECONDS = 600

/**
 * From the beginning into the probing, which starts 3 s after the last thing heard. A later write would have a later end,
 * and show nothing new.
 */
const EARLY = { from: 0, to: 5000 }

export const faultKinds: readonly FaultKind[] = [
  ({ lab, random }) => {
    const lastsMs = Math.round(random.between(1000, 2800))
    const harmlessFor = HARMLESS_CUT
    return { ...living('short cut', lastsMs), harmlessFor, begin: () => lab.cut(), end: () => lab.heal() }
  },
  ({ lab }) => ({
    ...deadly('long cut', DEADLY_FAULT),
    begin: () => lab.cut(),
    end: () => lab.heal(),
  }),
  ({ lab }) => ({
    ...deadly('client not heard', DEADLY_FAULT),
    begin: () => lab.mute('client'),
    end: () => lab.heal(),
  }),
  ({ lab }) => ({
    ...deadly('server not heard', DEADLY_FAULT),
    begin: () => lab.mute('server'),
    end: () => lab.heal(),
  }),
  // Whoever asks the new machine, by a probe or a query, gets RST from its kernel.
  ({ lab, postgres }) => ({
    ...deadly('server rebooted', 0),
    begin: () => lab.reboot(),
    end: () => postgres.startAgain(),
  }),
  // Kept known for one second from its next packet on, a connection that speaks every three is forgotten between two
  // packets. A query could save it for the moment, so none is asked until that has happened.
  ({ lab }) => ({
    ...deadly('NAT forgets', 0),
    load: { from: 6000, to: 8000 },
    begin: () => lab.forget(1),
    end: () => lab.forget(PATIENCE_SECONDS),
  }),
  // A probe comes every 3 s, and an eighth later at most.
  ({ lab }) => ({
    ...living('NAT with little patience', 10_000),
    begin: () => lab.forget(5),
    end: () => lab.forget(PATIENCE_SECONDS),
  }),
  ({ lab, random }) => ({
    ...living('1 % loss', Math.round(random.between(6000, 10_000))),
    begin: () => lab.lose(1),
    end: () => lab.heal(),
  }),
  // Its kernel goes on answering: keepalive says nothing of a process that hangs.
  ({ lab }) => ({
    ...living('server stopped', DETECT_WITHIN + 2000),
    silences: true,
    begin: () => signalAll(lab, 'STOP'),
    end: () => signalAll(lab, 'CONT'),
  }),
  // The window of those that were asked something large closes, and stays closed for longer than the promise.
  ({ lab }) => ({
    ...living('server reads nothing', 2 * DETECT_WITHIN),
    silences: true,
    asksLarge: true,
    begin: () => signalAll(lab, 'STOP'),
    end: () => signalAll(lab, 'CONT'),
  }),
]

type Common = Omit<Fault, 'begin' | 'end'>

function living(name: string, lastsMs: number): Common {
  return {
    name,
    kills: false,
    harmlessFor: Infinity,
    silences: false,
    lastsMs,
    load: { from: 0, to: lastsMs },
  }
}

function deadly(name: string, lastsMs: number): Common {
  return { name, kills: true, harmlessFor: 0, silences: false, lastsMs, load: EARLY }
}

/** Every process of the server's machine: the database and each of its backends. */
async function signalAll(lab: Lab, signal: 'STOP' | 'CONT'): Promise<void> {
  const [code] = (await once(lab.server.spawn('sh', ['-c', `kill -${signal} -1`]), 'exit')) as [number | null]
  if (code !== 0) throw new Error(`The server's processes did not take the signal ${signal}`)
}
