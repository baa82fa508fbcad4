/**
 * How long clients wait for a dead server: every driver with a real one, idle, waiting, writing at the cut and later, and
 * connecting anew once the server is gone.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Lab, withLab } from '../network/lab.ts'
import type { Program } from '../network/program.ts'
import { clients, type ServerName, withServers } from './catalogue.ts'

export type Setting = 'defaults' | 'own' | 'ours' | 'ten' | 'bare'
export type Doing = 'idle' | 'waiting' | 'writing' | 'later' | 'connecting'

/** What the install asks for. */
export const DETECT_WITHIN = 6000

/** The deadline of a setting, in milliseconds, where it has one. `bare`: `--import tcp-keepalive/register`, and no variable. */
export const DEADLINES: Readonly<Partial<Record<Setting, number>>> = {
  ours: DETECT_WITHIN,
  ten: 10_000,
  bare: 60_000,
}

export interface Measured {
  readonly name: string
  readonly setting: Setting
  readonly doing: Doing
  /** Milliseconds from the cut, the write or the attempt to connect; `null`: not told before the clock was stopped. */
  readonly took: number | null
  /** The error's code, or the event by which the client tells. */
  readonly told: string | null
}

/** With what a busy machine may have added: the longest time since the cut in which the program did not get to run. */
export interface MeasuredHere extends Measured {
  readonly pausedMs: number
}

interface Lost {
  readonly name: string
  readonly doing: Doing
  readonly code?: string
  readonly at: number
  readonly pausedMs: number
}

export const DOINGS: readonly Doing[] = ['idle', 'waiting', 'writing', 'later', 'connecting']

/** The clients that take part. */
export const competitors: readonly string[] = [...clients]
  .filter(([, { clock }]) => clock)
  .map(([name]) => name)

/**
 * Connects everything, cuts the cable, writes, connects once more, and notes who is told when.
 *
 * @param stopAfter milliseconds after the cut at which the clock is stopped, unless all have been told before
 */
export async function runDeathClock(
  settings: readonly Setting[],
  stopAfter: number,
): Promise<MeasuredHere[]> {
  const wanted = [...new Set(competitors.map(serverOf))]
  return withLab((lab) =>
    withServers(lab.server, wanted, async (started) => {
      const ports = competitors.map((name) => [name, started.get(serverOf(name))?.port ?? 0] as const)
      return race(lab, Object.fromEntries(ports), settings, stopAfter)
    }),
  )
}

function serverOf(name: string): ServerName {
  const server = clients.get(name)?.server
  if (!server) throw new Error(`${name} has no server that answers`)
  return server
}

async function race(
  lab: Lab,
  ports: Readonly<Record<string, number>>,
  settings: readonly Setting[],
  stopAfter: number,
): Promise<MeasuredHere[]> {
  const programs = settings.map((setting) => ({ setting, program: startProgram(lab, ports, setting) }))
  await Promise.all(programs.map(({ program }) => program.event('ready')))
  await sleep(500) // everything that was sent is acknowledged
  const cutAt = performance.timeOrigin + performance.now()
  await lab.cut()
  for (const { program } of programs) program.send('cut')
  const deadline = Date.now() + stopAfter
  const expected = competitors.length * DOINGS.length
  while (Date.now() < deadline && programs.some(({ program }) => program.told('lost').length < expected))
    await sleep(100)
  return programs.flatMap(({ setting, program }) =>
    competitors.flatMap((name) => DOINGS.map((doing) => measured(program, { name, setting, doing }, cutAt))),
  )
}

function startProgram(lab: Lab, ports: Readonly<Record<string, number>>, setting: Setting): Program<void> {
  return lab.client.startModule(
    new URL('clock-inside.mjs', import.meta.url),
    'runClock',
    {
      host: lab.server.address,
      ports,
      setting,
      detectWithin: setting === 'bare' ? undefined : DEADLINES[setting],
    },
    setting === 'bare' ? { nodeArguments: ['--import', 'tcp-keepalive/register'] } : {},
  )
}

/** The clock of an idle and of a waiting connection starts at the cut, that of the others at what they do then. */
function measured(
  program: Program<void>,
  which: Pick<Measured, 'name' | 'setting' | 'doing'>,
  cutAt: number,
): MeasuredHere {
  const isThis = ({ name, doing }: Lost): boolean => name === which.name && doing === which.doing
  const loss = program.told<Lost>('lost').find(isThis)
  const begun = program.told<Lost>('began')
  const isAtTheCut = which.doing === 'idle' || which.doing === 'waiting'
  const since = isAtTheCut ? cutAt : (begun.find(isThis)?.at ?? Number.NaN)
  const took = loss ? Math.round(loss.at - since) : null
  return { ...which, took, told: loss?.code ?? null, pausedMs: Math.round(loss?.pausedMs ?? 0) }
}
