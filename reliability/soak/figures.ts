/** What a soak has shown, as lines of docs/reliability.md. */
import { count, type Figure } from '../record.ts'
import { ends } from './flat.ts'
import { DETECT_WITHIN } from './promise.ts'
import type { RoundResult } from './round.ts'

export interface SoakOptions {
  readonly connections: number
  /** Faults begin until then. */
  readonly lastsMs: number
  readonly seed: number
}

/** @param tookMs all of them together, in milliseconds */
export function figuresOf(
  rounds: readonly RoundResult[],
  { connections, seed }: SoakOptions,
  tookMs: number,
): Figure[] {
  const names = [...new Set(rounds.map(({ name }) => name))].toSorted()
  const deadly = rounds.filter(({ fate }) => fate === 'all')
  const told = total(deadly, ({ lost }) => lost)
  const [first, last] = ends(rounds)
  const livingDropped = total(
    rounds.filter(({ fate }) => fate === 'none'),
    ({ lost }) => lost,
  )
  const latest = Math.max(...deadly.map(({ latest }) => latest))
  const earliest = Math.min(...deadly.map(({ earliest }) => earliest))
  return [
    ['connections held, and promised', `${count(connections)}, told within ${DETECT_WITHIN / 1000} s`],
    ['faults', `${rounds.length} in ${clock(tookMs).trim()} minutes (seed ${seed})`],
    ...names.map((name) => figureOf(rounds.filter((round) => round.name === name))),
    ['dead connections told once and in time', `${count(told)} of ${count(deadly.length * connections)}`],
    ['latest of them told after', seconds(latest)],
    ['a process was late meanwhile by, at worst', seconds(Math.max(...deadly.map(({ lateMs }) => lateMs)))],
    ['earliest of them told of silence after', seconds(earliest)],
    ['living connections dropped', count(livingDropped)],
    ['queries answered', count(rounds.at(-1)?.answered ?? 0)],
    [
      'all connections answered again after',
      `${seconds(Math.max(...rounds.map(({ wholeAfter }) => wholeAfter)))} at most`,
    ],
    ['descriptors, first and last', `${count(first.descriptors)}, ${count(last.descriptors)}`],
    ['heaps, first and last', `${mebibytes(first.heap)}, ${mebibytes(last.heap)}`],
    ['resident, first and last', `${mebibytes(first.resident)}, ${mebibytes(last.resident)}`],
  ]
}

/** @param rounds of one kind */
function figureOf(rounds: readonly RoundResult[]): Figure {
  const name = rounds[0]?.name ?? ''
  const lost = total(rounds, (round) => round.lost)
  const outcomes = [...new Set(rounds.flatMap((round) => Object.keys(round.outcomes)))].map(
    (outcome) => `${count(total(rounds, (round) => round.outcomes[outcome] ?? 0))} \`${outcome}\``,
  )
  const open = rounds.filter(({ fate }) => fate === 'open').length
  const parts = [
    `${rounds.length} ×`,
    ...(lost === 0 ? ['none dropped'] : [...outcomes, `latest after ${seconds(latestOf(rounds))}`]),
    ...(open > 0 ? [`${open} too long to be harmless and too short to kill`] : []),
  ]
  return [name, parts.join(', ')]
}

function latestOf(rounds: readonly RoundResult[]): number {
  return Math.max(...rounds.map(({ latest }) => latest))
}

function total(rounds: readonly RoundResult[], of: (round: RoundResult) => number): number {
  return rounds.reduce((sum, round) => sum + of(round), 0)
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`
}

/** Minutes and seconds. */
export function clock(milliseconds: number): string {
  const whole = Math.floor(milliseconds / 1000)
  return `${String(Math.floor(whole / 60)).padStart(2)}:${String(whole % 60).padStart(2, '0')}`
}
