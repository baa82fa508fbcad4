/** Which compilers made each binary, noted beside it, as parts of theirs are in it: for the bill of materials. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Compilers } from './packed.ts'
import { linksWithZig, type Target } from './targets.ts'
import type { Toolchain } from './toolchain.ts'

interface Notes {
  readonly [target: string]: { readonly rust: string; readonly zig?: string }
}

const FILE = 'compilers.json'

export async function noteCompilers(folder: string, target: Target, { rust }: Toolchain): Promise<void> {
  const zig = linksWithZig(target) ? { zig: await zigVersion() } : {}
  const notes = { ...(await notesIn(folder)), [target.name]: { rust, ...zig } }
  await writeFile(join(folder, FILE), `${JSON.stringify(notes, undefined, 2)}\n`)
}

export async function compilersOf(folder: string, target: Target): Promise<Compilers> {
  const noted = (await notesIn(folder))[target.name]
  if (noted === undefined) {
    throw new Error(`${join(folder, FILE)} says nothing of ${target.name}: \`npm run build -- all\` makes it`)
  }
  return { rust: noted.rust, zig: noted.zig }
}

async function notesIn(folder: string): Promise<Notes> {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => '{}')
  return JSON.parse(text) as Notes
}

async function zigVersion(): Promise<string> {
  const requirements = await readFile(join(import.meta.dirname, 'requirements.txt'), 'utf8')
  const version = /^ziglang==(\S+)/m.exec(requirements)?.[1]
  if (version === undefined) throw new Error('requirements.txt names no ziglang')
  return version
}
