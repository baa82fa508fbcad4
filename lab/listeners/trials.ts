/** The cable is cut for every client, with the listeners that the documentation recommends and without any. */
import { setTimeout as sleep } from 'node:timers/promises'
import { clients } from '../clients/catalogue.ts'
import { withBench } from '../clients/matrix.ts'
import type { Lab } from '../network/lab.ts'
import type { Program } from '../network/program.ts'
import { fatalTrials, harmlessTrials, type Trial, trials } from './case.ts'

/** The shortest possible deadline, because the test waits for it. */
const DETECT_WITHIN = 5000

/** After the loss of its connection, a program may take this long to end. */
const PATIENCE_MS = 10_000

/** The result of one trial in a program that goes on. */
interface Outcome extends Trial {
  /** The emitted errors, each as its code and message. */
  readonly emitted: readonly string[]
  /** `answered`, or the rejection of the call; undefined if there was none, or if it has not ended. */
  readonly settled: string | undefined
  /** The same for the call after the repair of the cable. */
  readonly again: string | undefined
}

interface Ended extends Trial {
  readonly exitCode: number | null
  readonly printed: string
}

/** The results of the files in examples/, whose connections are lost too. */
interface Examples {
  /** How many connections of each file were lost. */
  readonly lost: ReadonlyMap<string, number>
  readonly uncaught: readonly string[]
}

interface Outcomes {
  /** With every listener. */
  readonly listening: readonly Outcome[]
  /** Without listeners: those that go on, all in one program. */
  readonly bare: readonly Outcome[]
  /** Without listeners: those that end, each in a program of its own. */
  readonly ended: readonly Ended[]
  readonly examples: Examples
}

/** Starts everything, cuts the cable, and repairs it after every connection is lost. */
export async function tryListeners(): Promise<Outcomes> {
  return withBench(undefined, async (bench) => {
    const where = { host: bench.lab.server.address, ports: await bench.ports() }
    return { examples: await loseExamples(bench.lab, where), ...(await cutAll(bench.lab, where)) }
  })
}

async function cutAll(lab: Lab, where: object): Promise<Omit<Outcomes, 'examples'>> {
  const module = new URL('inside.mjs', import.meta.url)
  const start = (of: readonly Trial[], listens: boolean): Program<void> =>
    lab.client.startModule(module, 'runTrials', { trials: of, listens, where, detectWithin: DETECT_WITHIN })
  const lasting = [
    { of: trials, program: start(trials, true) },
    { of: harmlessTrials, program: start(harmlessTrials, false) },
  ] as const
  const ending = fatalTrials.map((trial) => ({ trial, program: start([trial], false) }))
  const all = [...lasting, ...ending].map(({ program }) => program)
  await Promise.all(all.map(ready))
  await lab.cut()
  for (const program of all) program.send('cut')
  await Promise.all(lasting.map(({ program }) => program.event('lost')))
  const ended = await Promise.all(
    ending.map(async ({ trial, program }) => ({ ...trial, ...(await endOf(program)) })),
  )
  await lab.heal()
  for (const { program } of lasting) program.send('healed')
  const [listening = [], bare = []] = await Promise.all(
    lasting.map(({ of, program }) => outcomesOf(of, program)),
  )
  return { listening, bare, ended }
}

async function loseExamples(lab: Lab, where: object): Promise<Examples> {
  const program = lab.client.startModule(
    new URL('examples-inside.mjs', import.meta.url),
    'loseExamples',
    { names: [...clients.keys()], ...where },
    { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } },
  )
  await program.event('all')
  const lost = program.told<{ file: string; lost: number }>('lost')
  await program.stop()
  return { lost: new Map(lost.map((one) => [one.file, one.lost])), uncaught: program.told('uncaught') }
}

/** A connection that was closed before the cut, such as by an idle timeout of its client, would show nothing. */
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

async function outcomesOf(of: readonly Trial[], program: Program<void>): Promise<Outcome[]> {
  for (const _ of of) await program.event('again')
  return of.map(({ name, state }) => {
    const told = (what: string): string[] => {
      const entries = program.told<Trial & { readonly how: string }>(what)
      return entries.filter((one) => one.name === name && one.state === state).map(({ how }) => how)
    }
    return { name, state, emitted: told('emitted'), settled: told('settled')[0], again: told('again')[0] }
  })
}
