/** The native part under tools that find what a test does not see: memory misused, and memory lost. */
import type { Figure } from '../record.ts'
import { node, rust } from './address.ts'
import { memcheck } from './memcheck.ts'

const checks: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  'address-rust': rust,
  'address-node': node,
  memcheck,
}

export const usage: string = `  --only NAME   one of ${Object.keys(checks).join(', ')}; else all
address-rust and address-node need gcc's AddressSanitizer and Rust as rustup installs it, memcheck valgrind.`

export async function run([option, name]: readonly string[]): Promise<readonly Figure[]> {
  if (option !== undefined && (option !== '--only' || name === undefined || !(name in checks))) {
    throw new Error(`There is no ${[option, name].join(' ')}:\n${usage}`)
  }
  const figures: Figure[] = []
  for (const [each, check] of Object.entries(checks)) {
    if (name !== undefined && each !== name) continue
    figures.push(...(await check()))
  }
  return figures
}
