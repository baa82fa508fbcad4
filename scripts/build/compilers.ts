/** The compilers of each binary, noted next to it. Parts of them are in the binary, so the bill of materials lists them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Target } from './targets.ts'
import type { Toolchain } from './toolchain.ts'

export interface Compilers {
  readonly rust: string
  /** Absent if zig did not link the binary. */
  readonly zig?: string
}

const FILE = 'compilers.json'

export async function noteCompilers(folder: string, target: Target, toolchain: Toolchain): Promise<void> {
  const { rust, zig } = toolchain
  // The linker for macOS is another one, which adds no code.
  const compilers = target.file.format === 'MachO' ? { rust } : { rust, zig }
  const notes = { ...(await notesIn(folder)), [target.name]: compilers }
  await writeFile(join(folder, FILE), `${JSON.stringify(notes, undefined, 2)}\n`)
}

export async function compilersOf(folder: string, { name }: Target): Promise<Compilers> {
  const noted = (await notesIn(folder))[name]
  if (noted) return noted
  throw new Error(`${join(folder, FILE)} does not name ${name}: run \`npm run build -- all\``)
}

async function notesIn(folder: string): Promise<Readonly<Record<string, Compilers>>> {
  return JSON.parse(await readFile(join(folder, FILE), 'utf8').catch(() => '{}'))
}
