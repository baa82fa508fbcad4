/** The kinds of fault between the pools and their server, and whether a connection survives each. */
import type { Lab } from '../../lab/network/lab.ts'
import type { Postgres } from '../../lab/servers/postgres.ts'
import { finish } from '../../lab/servers/service.ts'
import type { Random } from '../random.ts'
import { DEADLY_FAULT, DETECT_WITHIN, HARMLESS_CUT } from './promise.ts'

export interface Fault {
  readonly name: string
  /** Whether every open connection is then dead, or none. */
  readonly kills: boolean
  /** If a harmless fault lasts longer, some connections may be dead. In milliseconds. */
  readonly harmlessFor: number
  /** Whether no query is answered during it, from its first second on. A stopped server shows in no other way. */
  readonly silences: boolean
  /** In milliseconds. A fault that kills lasts longer, until every connection is reported. */
  readonly lastsMs: number
  /** When queries are sent during a fault that kills, in milliseconds from its start. */
  readonly load: { readonly from: number; readonly to: number }
  /** Whether queries are sent at its start that are larger than the kernels' buffers. */
  readonly asksLarge?: boolean
  begin(): Promise<void>
  end(): Promise<void>
}

export type FaultKind = (at: { lab: Lab; postgres: Postgres; random: Random }) => Fault

/** The router forgets no connection that sends a packet once in this time. */
export const PATIENCE_SECONDS = 600

/**
 * Queries from the start until probing, which begins 3 s after the last packet received. A later write would only have a later
 * deadline.
 */
const EARLY = { from: 0, to: 5000 }

export const faultKinds: readonly FaultKind[] = [
  ({ lab, random }) => ({
    ...living('short cut', random.between(1000, 2800), () => lab.cut(), heal(lab)),
    harmlessFor: HARMLESS_CUT,
  }),
  ({ lab }) => deadly('long cut', DEADLY_FAULT, () => lab.cut(), heal(lab)),
  ({ lab }) => deadly('client not heard', DEADLY_FAULT, () => lab.mute('client'), heal(lab)),
  ({ lab }) => deadly('server not heard', DEADLY_FAULT, () => lab.mute('server'), heal(lab)),
  // The kernel of the restarted machine answers a probe or a query with RST.
  ({ lab, postgres }) => deadly('server rebooted', 0, () => lab.reboot(), restart(postgres)),
  // The router remembers a connection for one second after each packet, and a probe comes every 3 s, so it forgets all. A query
  // would delay this, so none is sent before.
  ({ lab }) => ({
    ...deadly('NAT forgets', 0, () => lab.forget(1), remember(lab)),
    load: { from: 6000, to: 8000 },
  }),
  // A probe comes every 3 s, or an eighth later.
  ({ lab }) => living('NAT with little patience', 10_000, () => lab.forget(5), remember(lab)),
  ({ lab, random }) => living('1 % loss', random.between(6000, 10_000), () => lab.lose(1), heal(lab)),
  // The kernel still answers: keepalive does not detect a process that hangs.
  ({ lab }) => ({ ...living('server stopped', DETECT_WITHIN + 2000, ...signals(lab)), silences: true }),
  // The windows of connections with large queries close, and stay closed for longer than the deadline.
  ({ lab }) => ({
    ...living('server reads nothing', 2 * DETECT_WITHIN, ...signals(lab)),
    silences: true,
    asksLarge: true,
  }),
]

type Step = () => Promise<void>

function living(name: string, lasts: number, begin: Step, end: Step): Fault {
  const lastsMs = Math.round(lasts)
  const load = { from: 0, to: lastsMs }
  return { name, kills: false, harmlessFor: Infinity, silences: false, lastsMs, load, begin, end }
}

function deadly(name: string, lastsMs: number, begin: Step, end: Step): Fault {
  return { name, kills: true, harmlessFor: 0, silences: false, lastsMs, load: EARLY, begin, end }
}

const heal = (lab: Lab): Step => {
  return () => lab.heal()
}

const restart = (postgres: Postgres): Step => {
  return () => postgres.startAgain()
}

const remember = (lab: Lab): Step => {
  return () => lab.forget(PATIENCE_SECONDS)
}

/** Stops and continues every process of the server's machine: the database and each of its backends. */
function signals(lab: Lab): readonly [begin: Step, end: Step] {
  const send = (signal: 'STOP' | 'CONT'): Promise<void> =>
    finish(lab.server, 'sh', ['-c', `kill -${signal} -1`])
  return [() => send('STOP'), () => send('CONT')]
}
