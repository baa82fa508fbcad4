/** The cable is cut under every client, with the listeners that the documentation asks for and without any. */
import { setTimeout as sleep } from 'node:timers/promises'
import { clients, type ServerName, servers, withServers } from '../clients/catalogue.ts'
import { type Lab, withLab } from '../network/lab.ts'
import type { Program } from '../network/program.ts'
import { Relay } from '../servers/relay.ts'
import { fatalTrials, harmlessTrials, type Trial, trials } from './case.ts'

/** The shortest that there is: nobody waits for longer here than this test has to. */
const DETECT_WITHIN = 5000

/** A program that should have ended is waited for so long after its connection was lost. */
const PATIENCE_MS = 10_000

interface Entry extends Trial {
  readonly how: string
}

/** What became of one trial in a program that goes on. */
export interface Outcome extends Trial {
  /** The errors that it emitted, code and message each. */
  readonly emitted: readonly string[]
  /** `answered`, or what the call rejected with; undefined where there was none, or it goes on. */
  readonly settled: string | undefined
  /** The same of the call after the cable was back. */
  readonly again: string | undefined
}

export interface Outcomes {
  /** With every listener. */
  readonly listening: readonly Outcome[]
  /** Without any, those that go on, all in one program. */
  readonly bare: readonly Outcome[]
  /** Without any, a program each. */
  readonly ended: readonly Ended[]
  readonly examples: Examples
}

/** What became of the files in examples/, whose connections are lost too. */
export interface Examples {
  /** How many connections of each were lost. */
  readonly lost: ReadonlyMap<string, number>
  readonly uncaught: readonly string[]
}

export interface Ended extends Trial {
  readonly exitCode: number | null
  readonly printed: string
}

interface Where {
  readonly host: string
  readonly ports: Readonly<Record<string, number>>
}

/** Starts everything, cuts the cable, and puts it back once every connection is lost. */
export async function tryListeners(): Promise<Outcomes> {
  return withLab((lab) =>
    withServers(lab.server, Object.keys(servers) as ServerName[], async (started) => {
      const relay = await Relay.start(lab.server)
      const { port } = await relay.record({ tls: false })
      const ports = Object.fromEntries([...started].map(([name, server]) => [name, server.port]))
      const https = started.get('http')?.tlsPort ?? 0
      const where = { host: lab.server.address, ports: { ...ports, https, recording: port } }
      return { examples: await loseExamples(lab, where), ...(await race(lab, where)) }
    }),
  )
}

async function race(lab: Lab, where: Where): Promise<Omit<Outcomes, 'examples'>> {
  const start = (of: readonly Trial[], listens: boolean): Program<void> =>
    startProgram(lab, { trials: of, listens, where })
  const lasting = [
    { of: trials, program: start(trials, true) },
    { of: harmlessTrials, program: start(harmlessTrials, false) },
  ]
  const ending = fatalTrials.map((trial) => ({ trial, program: start([trial], false) }))
  const all = [...lasting, ...ending].map(({ program }) => program)
  await Promise.all(all.map(ready))
  await lab.cut()
  for (const program of all) program.send('cut')
  await Promise.all(lasting.map(({ program }) => program.event('lost')))
  const ended = await Promise.all(
    ending.map(async (one) => ({ ...one.trial, ...(await endOf(one.program)) })),
  )
  await lab.heal()
  for (const { program } of lasting) program.send('healed')
  const [listening = [], bare = []] = await Promise.all(lasting.map(outcomesOf))
  return { listening, bare, ended }
}

function startProgram(lab: Lab, args: object): Program<void> {
  const given = { detectWithin: DETECT_WITHIN, ...args }
  return lab.client.startModule(new URL('inside.mjs', import.meta.url), 'runTrials', given)
}

async function loseExamples(lab: Lab, where: Where): Promise<Examples> {
  const program = lab.client.startModule(
    new URL('examples-inside.mjs', import.meta.url),
    'loseExamples',
    { names: [...clients.keys()], ...where },
    { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } },
  )
  await program.event('all')
  const lost = program.told<{ file: string; lost: number }>('lost')
  await program.stop()
  return {
    lost: new Map(lost.map((one) => [one.file, one.lost])),
    uncaught: program.told<string>('uncaught'),
  }
}

/** Nothing is shown by a connection that was closed before the cut, as by an idle timeout of its client's. */
async function ready(program: Program<void>): Promise<void> {
  const { data: closed } = await program.event<string[]>('ready')
  if (closed.length > 0) throw new Error(`Closed before the cut: ${closed.join(', ')}`)
}

async function endOf(program: Program<void>): Promise<Omit<Ended, keyof Trial>> {
  const end = program.result.then(
    () => 'it returned',
    ({ message }: Error) => message,
  )
  const isLost = program.event('lost').then(
    () => sleep(PATIENCE_MS, 'it goes on', { ref: false }),
    () => end,
  )
  const printed = await Promise.race([end, isLost])
  return { exitCode: program.process.exitCode, printed }
}

async function outcomesOf({
  of,
  program,
}: {
  of: readonly Trial[]
  program: Program<void>
}): Promise<Outcome[]> {
  for (const _ of of) await program.event('again')
  return of.map(({ name, state }) => {
    const told = (what: string): string[] =>
      program
        .told<Entry>(what)
        .filter((entry) => entry.name === name && entry.state === state)
        .map(({ how }) => how)
    return { name, state, emitted: told('emitted'), settled: told('settled')[0], again: told('again')[0] }
  })
}
