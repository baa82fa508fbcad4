/** Durations and counts as people write and read them: `500ms`, `30s`, `2m`, `1h`; `5`. */
import { coded } from './errors.ts'

const IN_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/**
 * Converts a duration with a unit into milliseconds. A number without a unit is refused, because it could mean seconds or
 * milliseconds; only 0 needs no unit.
 *
 * @param text digits, perhaps with a decimal fraction, and `ms`, `s`, `m` or `h`
 * @throws TypeError [ERR_INVALID_ARG_VALUE] for anything else, with what to write
 *
 * @example
 * parseDuration('30s') // 30000
 */
export function parseDuration(text: string): number {
  const [, digits = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? []
  if (digits === '') throw notDuration(text, 'write a duration such as 500ms, 30s, 2m or 1h')
  const inMs = IN_MS[unit.toLowerCase()]
  if (inMs !== undefined) return Number(digits) * inMs
  if (unit !== '') throw notDuration(text, 'the units are ms, s, m and h')
  if (Number(digits) === 0) return 0
  throw notDuration(text, `a duration needs its unit: ${digits}s or ${digits}ms`)
}

/**
 * Converts a count into its number. Other spellings of numbers, such as 0x5 or 5e0, are refused.
 *
 * @throws TypeError [ERR_INVALID_ARG_VALUE] for anything but digits
 */
export function parseCount(text: string): number {
  if (/^\s*\d+\s*$/.test(text)) return Number(text)
  const message = `"${text}" is not a count: write a whole number such as 5`
  throw coded(new TypeError(message), 'ERR_INVALID_ARG_VALUE')
}

function notDuration(text: string, why: string): TypeError {
  return coded(new TypeError(`"${text}" is not a duration: ${why}`), 'ERR_INVALID_ARG_VALUE')
}

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
]

/** For a person to read: 2 h 11 min 15 s, 25.5 s, 80 ms, never. */
export function formatDuration(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'never'
  if (ms < 1000) return `${Math.round(ms)} ms`
  const parts: string[] = []
  let rest = Math.round(ms / 100) * 100
  for (const [name, unit] of UNITS) {
    const count = Math.floor(rest / unit)
    if (count > 0) parts.push(`${count} ${name}`)
    rest -= count * unit
  }
  if (rest > 0) parts.push(`${rest / 1000} s`)
  return parts.join(' ')
}

/** As `outOfRange()` puts it: "It must be >= 1000 && <= 32767000 milliseconds. Received 500". */
const RANGE = />= (\d+) && <= (\d+) milliseconds(?: \([^)]*\))?\. Received (\d+(?:\.\d+)?)$/

/** The message of a RangeError, with milliseconds written as {@link formatDuration} does, because the user wrote 3s. */
export function inDurations(message: string): string {
  return message.replace(RANGE, (_, ...ends: string[]) => {
    const [least = '', most = '', received = ''] = ends.map((end) => formatDuration(Number(end)))
    return `from ${least} to ${most}. Received ${received}`
  })
}
