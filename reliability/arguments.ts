/** What a part is told on the command line. */
import { parseArgs } from 'node:util'

/** A person who mistypes an option gets this as one line. */
export class UsageError extends Error {}

/** The text of each option that is given, as `--calls 5` and `--calls=5`. */
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

/** A whole number; `otherwise`, where the option is not given. */
export function wholeNumber(
  name: string,
  text: string | undefined,
  { otherwise, least = 1 }: { readonly otherwise: number; readonly least?: number },
): number {
  if (text === undefined) return otherwise
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= least) return number
  throw new UsageError(`--${name} must be a whole number from ${least} on, not "${text}"`)
}

/** By which a run can be repeated; drawn, where none is given. */
export function seedOf(text: string | undefined): number {
  return wholeNumber('seed', text, { otherwise: Math.floor(Math.random() * 2 ** 31), least: 0 })
}
