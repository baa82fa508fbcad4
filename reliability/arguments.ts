/** The options of a part on the command line. */
import { parseArgs } from 'node:util'

/** The command prints this error as one line. */
export class UsageError extends Error {}

/** The text of each given option, written `--calls 5` or `--calls=5`. */
export function readOptions<Name extends string>(
  args: readonly string[],
  ...names: readonly Name[]
): Readonly<Partial<Record<Name, string>>> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' } as const]))
  try {
    return parseArgs({ args: [...args], options }).values as Partial<Record<Name, string>>
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** A whole number; `otherwise` if the option is not given. */
export function wholeNumber(name: string, text: string | undefined, otherwise: number, least = 1): number {
  if (text === undefined) return otherwise
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= least) return number
  throw new UsageError(`--${name} must be a whole number from ${least} on, not "${text}"`)
}

/** Repeats a run. Random if none is given. */
export function seedOf(text: string | undefined): number {
  return wholeNumber('seed', text, Math.floor(Math.random() * 2 ** 31), 0)
}
