/** The native part under tools that find what a test does not see: memory misused, and memory lost. */
import { readOptions, UsageError, wholeNumber } from '../arguments.ts'
import type { Figure } from '../record.ts'
import { node, reach, rust } from './address.ts'
import { memcheck } from './memcheck.ts'

const checks: Readonly<Record<string, (seconds: number) => Promise<readonly Figure[]>>> = {
  'address-rust': rust,
  'address-node': node,
  'address-reach': reach,
  memcheck,
}

export const usage: string = `  --only NAME   one of ${Object.keys(checks).join(', ')}; else all
  --seconds N   for how long address-reach looks (20)
All but memcheck need gcc's AddressSanitizer and Rust as rustup installs it, memcheck valgrind.`

export async function run(args: readonly string[]): Promise<readonly Figure[]> {
  const { only, seconds } = readOptions(args, 'only', 'seconds')
  if (only !== undefined && !Object.hasOwn(checks, only))
    throw new UsageError(`There is no ${only}:\n${usage}`)
  const lasting = wholeNumber('seconds', seconds, { otherwise: 20 })
  const figures: Figure[] = []
  for (const [each, check] of Object.entries(checks)) {
    if (only !== undefined && each !== only) continue
    figures.push(...(await check(lasting)))
  }
  return figures
}
