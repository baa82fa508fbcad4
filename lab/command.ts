/** The frame of each command: it prints the help, and errors for people. */
import { join } from 'node:path'
import { parseArgs, type ParseArgsConfig } from 'node:util'

export const ROOT: string = join(import.meta.dirname, '..')

export type Options = NonNullable<ParseArgsConfig['options']>
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values']

/** The one of this name; throws an error for people if there is none. */
export function named<T extends { readonly name: string }>(what: string, all: readonly T[], name: string): T {
  const found = all.find((each) => each.name === name)
  if (found) return found
  throw new Error(`There is no ${what} "${name}"; there are: ${all.map((each) => each.name).join(', ')}`)
}

/** @param options those of `parseArgs` of node:util */
export async function runCommand<T extends Options>(
  help: string,
  options: T,
  command: (values: Values<T>) => Promise<void>,
): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    console.log(help)
    return
  }
  try {
    await command(parseArgs({ options }).values)
  } catch (error) {
    for (let cause = error; cause instanceof Error; cause = cause.cause) console.error(cause.message)
    process.exitCode = 1
  }
}
