/** The part `handed-over`: 2 MB written with a deadline to a peer that reads much later, and the same without the package. */
import { HANDED_OVER, handOver } from '../../lab/readers/handed-over.ts'
import type { Figure } from '../record.ts'

export const usage = ''

const DEADLINES = [6000, 10_000]
const ENDINGS = ['end', 'destroy', 'exit', 'SIGTERM']
const LONG_CLOSED_MS = 20_000
/** If a sweep comes late, the kernel's retransmission intervals are long already, and the trial is repeated. */
const MOST_ATTEMPTS = 5

/** When the program ends: at the sweep that finds the window closed, or this many milliseconds after the last byte was written. */
type When = 'lifted' | number

interface Trial {
  readonly way: 'set' | 'none'
  readonly deadline: number
  readonly ending: string
  readonly when: When
  readonly readAfter: number
}

/** docs/limits.md lists the trials that may lose data. */
function mayLose({ way, ending, when }: Trial): boolean {
  return way === 'set' && ending !== 'end' && when === LONG_CLOSED_MS
}

export async function run(): Promise<Figure[]> {
  return [...(await read(30_000)), ...(await read(180_000))]
}

async function read(readAfter: number): Promise<Figure[]> {
  const trials = ENDINGS.flatMap((ending) =>
    (['lifted', LONG_CLOSED_MS] as const).flatMap((when): Trial[] => [
      ...DEADLINES.map((deadline) => ({ way: 'set' as const, deadline, ending, when, readAfter })),
      { way: 'none', deadline: 0, ending, when: when === 'lifted' ? 1000 : when, readAfter },
    ]),
  )
  const results = await Promise.all(trials.map(async (trial) => ({ ...trial, bytes: await received(trial) })))
  const lost = results.filter((one) => one.bytes !== HANDED_OVER && !mayLose(one))
  if (lost.length > 0) throw new Error(`lost: ${JSON.stringify(lost)}`)
  return results
    .filter(({ way }) => way === 'set')
    .map((ours) => {
      const isSame = ({ way, ending, when }: Trial): boolean =>
        way === 'none' && ending === ours.ending && (when === 1000) === (ours.when === 'lifted')
      return [inWords(ours), `${said(ours)}; without the package ${said(results.find(isSame))}`]
    })
}

function inWords({ deadline, ending, when, readAfter }: Trial): string {
  const call = ending.startsWith('SIG') ? `${ending}, no listener,` : `\`${ending}()\``
  const after = when === 'lifted' ? 'a sweep' : `${when / 1000} s`
  return `${deadline / 1000} s: ${call} ${after} after the window closed, read ${readAfter / 1000} s later`
}

function said(one: { readonly bytes: number } | undefined): string {
  if (one === undefined) return '?'
  return one.bytes === HANDED_OVER ? 'every byte' : `${one.bytes.toLocaleString('en')} bytes`
}

async function received({ when, ...trial }: Trial): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const { bytes, rtoMax } = await handOver({ ...trial, when: String(when) })
    if (when !== 'lifted' || rtoMax !== Math.max(1000, trial.deadline / 5)) return bytes
    if (attempt === MOST_ATTEMPTS) throw new Error(`The sweep came too late ${MOST_ATTEMPTS} times`)
  }
}
