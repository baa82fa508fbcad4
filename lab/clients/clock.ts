/** How long clients need to detect a dead server: every driver with a real server, in five states. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../network/lab.ts'
import type { Program } from '../network/program.ts'
import type { Timed } from '../timing.ts'
import { clients, type ServerName } from './catalogue.ts'
import { withBench } from './matrix.ts'

export type Setting = 'defaults' | 'own' | 'ours' | 'ten' | 'bare'

export const DOINGS = ['idle', 'waiting', 'writing', 'later', 'connecting'] as const
export type Doing = (typeof DOINGS)[number]

export const DETECT_WITHIN = 6000

/** The deadline of a setting in milliseconds, if it has one. `bare`: `--import tcp-keepalive/register`, and no variable. */
export const DEADLINES: Readonly<Partial<Record<Setting, number>>> = {
  ours: DETECT_WITHIN,
  ten: 10_000,
  bare: 60_000,
}

export interface Measured {
  readonly name: string
  readonly setting: Setting
  readonly doing: Doing
  /** Milliseconds from the cut, the write or the attempt to connect; `null`: no error before the end of the measurement. */
  readonly took: number | null
  /** The error's code, or the event by which the client reports the loss. */
  readonly told: string | null
}

/** With the longest time since the cut in which the program did not run, because the machine was busy. */
interface MeasuredHere extends Measured {
  readonly pausedMs: number
}

interface Lost extends Timed {
  readonly doing: Doing
  readonly code?: string
}

export const competitors: readonly string[] = [...clients]
  .filter(([, { clock }]) => clock)
  .map(([name]) => name)

/**
 * Connects everything, cuts the cable, writes, connects once more, and records the times of the errors.
 *
 * @param stopAfter milliseconds from the cut to the end of the measurement; it ends earlier if all have got their errors
 */
export async function runDeathClock(
  settings: readonly Setting[],
  stopAfter: number,
): Promise<MeasuredHere[]> {
  const serverOf = (name: string): ServerName => clients.get(name)?.server ?? 'http'
  return withBench([...new Set(competitors.map(serverOf))], async (bench) => {
    const all = await bench.ports()
    const ports = Object.fromEntries(competitors.map((name) => [name, all[serverOf(name)]]))
    return measureAll(bench.lab, ports, settings, stopAfter)
  })
}

async function measureAll(
  lab: Lab,
  ports: object,
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

function startProgram(lab: Lab, ports: object, setting: Setting): Program<void> {
  const isBare = setting === 'bare'
  const detectWithin = isBare ? undefined : DEADLINES[setting]
  return lab.client.startModule(
    new URL('clock-inside.mjs', import.meta.url),
    'runClock',
    { host: lab.server.address, ports, setting, detectWithin },
    isBare ? { nodeArguments: ['--import', 'tcp-keepalive/register'] } : {},
  )
}

/** The time of an idle and of a waiting connection counts from the cut, that of the others from their action. */
function measured(
  program: Program<void>,
  which: Pick<Measured, 'name' | 'setting' | 'doing'>,
  cutAt: number,
): MeasuredHere {
  const isThis = ({ name, doing }: Lost): boolean => name === which.name && doing === which.doing
  const loss = program.told<Lost>('lost').find(isThis)
  const begun = program.told<Lost>('began').find(isThis)
  const isAtTheCut = which.doing === 'idle' || which.doing === 'waiting'
  const took = loss ? Math.round(loss.at - (isAtTheCut ? cutAt : (begun?.at ?? Number.NaN))) : null
  return { ...which, took, told: loss?.code ?? null, pausedMs: Math.round(loss?.pausedMs ?? 0) }
}
