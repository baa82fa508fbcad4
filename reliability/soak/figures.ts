/** The result of a soak, as rows of docs/reliability.md. */
import { count, type Figure, mebibytes } from '../record.ts'
import { ends } from './flat.ts'
import { DETECT_WITHIN } from './promise.ts'
import type { RoundResult } from './round.ts'

export interface SoakOptions {
  readonly connections: number
  /** Faults begin until then. */
  readonly lastsMs: number
  readonly seed: number
}

/** @param tookMs the time of all faults together, in milliseconds */
export function figuresOf(
  rounds: readonly RoundResult[],
  { connections, seed }: SoakOptions,
  tookMs: number,
): Figure[] {
  const names = [...new Set(rounds.map(({ name }) => name))].toSorted()
  const deadly = rounds.filter(({ fate }) => fate === 'all')
  const living = rounds.filter(({ fate }) => fate === 'none')
  const [first, last] = ends(rounds)
  const most = (some: readonly RoundResult[], key: 'latest' | 'lateMs' | 'wholeAfter'): string =>
    seconds(Math.max(...some.map((round) => round[key])))
  return [
    ['connections held, and promised', `${count(connections)}, told within ${DETECT_WITHIN / 1000} s`],
    ['faults', `${rounds.length} in ${clock(tookMs).trim()} minutes (seed ${seed})`],
    ...names.map((name) => figureOf(name, rounds)),
    [
      'dead connections told once and in time',
      `${count(lostIn(deadly))} of ${count(deadly.length * connections)}`,
    ],
    ['latest of them told after', most(deadly, 'latest')],
    ['a process was late meanwhile by, at worst', most(deadly, 'lateMs')],
    ['earliest of them told of silence after', seconds(Math.min(...deadly.map(({ earliest }) => earliest)))],
    ['living connections dropped', count(lostIn(living))],
    ['queries answered', count(rounds.at(-1)?.answered ?? 0)],
    ['all connections answered again after', `${most(rounds, 'wholeAfter')} at most`],
    ['descriptors, first and last', `${count(first.descriptors)}, ${count(last.descriptors)}`],
    ['heaps, first and last', `${mebibytes(first.heap)}, ${mebibytes(last.heap)}`],
    ['resident, first and last', `${mebibytes(first.resident)}, ${mebibytes(last.resident)}`],
  ]
}

/** The row of one kind of fault. */
function figureOf(name: string, all: readonly RoundResult[]): Figure {
  const rounds = all.filter((round) => round.name === name)
  const by: Record<string, number> = {}
  for (const { outcomes } of rounds) {
    for (const [outcome, times] of Object.entries(outcomes)) by[outcome] = (by[outcome] ?? 0) + times
  }
  const outcomes = Object.entries(by).map(([outcome, times]) => `${count(times)} \`${outcome}\``)
  const latest = seconds(Math.max(...rounds.map(({ latest }) => latest)))
  const open = rounds.filter(({ fate }) => fate === 'open').length
  const parts = [
    `${rounds.length} ×`,
    ...(lostIn(rounds) === 0 ? ['none dropped'] : [...outcomes, `latest after ${latest}`]),
    ...(open > 0 ? [`${open} too long to be harmless and too short to kill`] : []),
  ]
  return [name, parts.join(', ')]
}

function lostIn(rounds: readonly RoundResult[]): number {
  return rounds.reduce((sum, { lost }) => sum + lost, 0)
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`
}

/** Minutes and seconds. */
export function clock(milliseconds: number): string {
  const whole = Math.floor(milliseconds / 1000)
  return `${String(Math.floor(whole / 60)).padStart(2)}:${String(whole % 60).padStart(2, '0')}`
}
