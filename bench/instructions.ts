/**
 * Counts the instructions of a set, and whose they are, with valgrind's callgrind: all that the processor does outside the
 * kernel, from the JavaScript that makes the call down to the system calls. What else the machine does has no part in it.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCallgrind } from './callgrind.ts'
import { WAYS } from './instruction-table.ts'
import { versionOf } from './machine.ts'
import { BINDING, type Owner, OWNERS, ownerOf } from './owners.ts'
import { must, type Prepared } from './prepare.ts'
import type { Measurement } from './rows.ts'

const ROOT = join(import.meta.dirname, '..')
/** Apart from what is built otherwise, as other flags compile everything anew. */
const TARGET = join(ROOT, 'target/instructions')
const CALLS = 2000

/** valgrind's version; `undefined` where it is not there. */
export function valgrindVersion(): string | undefined {
  const { status, stdout } = spawnSync('valgrind', ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim().replace('-', ' ') : undefined
}

export function countInstructions({ node24, environment }: Prepared): Measurement[] {
  const by = [valgrindVersion(), `Node ${versionOf(node24)}`, `the binding by ${rustVersion()}`].join(', ')
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-instructions-'))
  try {
    const binding = compileBinding(folder)
    const env = {
      ...environment,
      NAPI_RS_NATIVE_LIBRARY_PATH: binding,
      LD_BIND_NOW: '1', // functions are looked up at the start, and not while it counts
    }
    return Object.keys(WAYS).map((way) => {
      console.log(`• instructions: ${way}`)
      const output = join(folder, `${way}.callgrind`)
      must('valgrind', [...valgrindParameters(output), node24, ...nodeParameters(way)], ROOT, env)
      return { name: `instructions-${way}`, by, ...share(readFileSync(output, 'utf8')) }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** `rustc` and its number. */
function rustVersion(): string {
  return execFileSync('rustc', ['--version'], { encoding: 'utf8' }).split(' ').slice(0, 2).join(' ')
}

/** The binding as `npm run build` makes it, with its names, and the lines that its code comes from. */
function compileBinding(folder: string): string {
  console.log('• Compiling the binding with its names')
  must('cargo', ['build', '--quiet', '--locked', '--release', '--package=tcp-keepalive-node'], ROOT, {
    ...process.env,
    CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only',
    CARGO_PROFILE_RELEASE_STRIP: 'none',
    CARGO_TARGET_DIR: TARGET,
  })
  const binding = join(folder, BINDING)
  copyFileSync(join(TARGET, 'release', 'libtcp_keepalive_node.so'), binding)
  return binding
}

function valgrindParameters(output: string): string[] {
  return [
    '--quiet',
    '--tool=callgrind',
    `--callgrind-out-file=${output}`,
    '--toggle-collect=count_instructions', // of reference.c
  ]
}

function nodeParameters(way: string): string[] {
  // V8 compiles where it is, and not in threads of its own, which valgrind would run by turns.
  return ['--no-warnings', '--single-threaded', '--expose-gc', 'bench/programs/instructions.ts', way, String(CALLS)]
}

/** Instructions a call, and how they are shared. */
function share(callgrind: string): { instructions: number; owners: Record<Owner, number> } {
  const { total, costs } = readCallgrind(callgrind)
  if (total === 0) throw new Error('callgrind counted nothing')
  const owners = Object.fromEntries(OWNERS.map((owner) => [owner, 0])) as Record<Owner, number>
  for (const cost of costs) owners[ownerOf(cost)] += cost.instructions
  const shared = Object.values(owners).reduce((sum, instructions) => sum + instructions, 0)
  if (shared !== total)
    throw new Error(`Of ${total} instructions that callgrind counted ${shared} were shared out`)
  for (const owner of OWNERS) owners[owner] /= CALLS
  return { instructions: total / CALLS, owners }
}
