/**
 * Counts the instructions of calls by owner, with valgrind's callgrind: all instructions outside the kernel, from the JavaScript that
 * makes the call down to the system calls. Other load on the machine does not change them.
 */
import { spawnSync } from 'node:child_process'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../lab/command.ts'
import { compileLibrary, releaseWithNames } from '../lab/library.ts'
import { run } from '../lab/run.ts'
import { inTemporaryFolder } from '../lab/temporary.ts'
import { readCallgrind } from './callgrind.ts'
import { WAYS } from './instruction-table.ts'
import { BINDING, type Owner, OWNERS, ownerOf } from './owners.ts'
import { type Prepared, versionOf } from './prepare.ts'
import type { Measurement } from './rows.ts'

const CALLS = 2000

const VALGRIND = ['--quiet', '--tool=callgrind', '--toggle-collect=count_instructions'] // of reference.c
/** V8 compiles in the main thread: valgrind runs threads one at a time. */
const NODE = ['--no-warnings', '--single-threaded', '--expose-gc', 'bench/programs/instructions.ts']

export function valgrindVersion(): string | undefined {
  const { status, stdout } = spawnSync('valgrind', ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim().replace('-', ' ') : undefined
}

export async function countInstructions({ node24, environment }: Prepared): Promise<Measurement[]> {
  const rust = (await run('rustc', ['--version'])).split(' ').slice(0, 2).join(' ')
  const by = `${valgrindVersion()}, Node ${await versionOf(node24)}, the binding by ${rust}`
  return inTemporaryFolder('instructions', async (folder) => {
    console.log('• Compiling the binding with its names')
    const binding = join(folder, BINDING)
    await copyFile(await compileLibrary('tcp-keepalive-node', releaseWithNames('instructions')), binding)
    const env = {
      ...environment,
      NAPI_RS_NATIVE_LIBRARY_PATH: binding,
      LD_BIND_NOW: '1', // functions are looked up at the start, not while it counts
    }
    const counted: Measurement[] = []
    for (const way of Object.keys(WAYS)) {
      console.log(`• instructions: ${way}`)
      const output = join(folder, `${way}.callgrind`)
      const words = [...VALGRIND, `--callgrind-out-file=${output}`, node24, ...NODE, way, String(CALLS)]
      await run('valgrind', words, { cwd: ROOT, environment: env })
      counted.push({ name: `instructions-${way}`, by, ...share(await readFile(output, 'utf8')) })
    }
    return counted
  })
}

function share(callgrind: string): { instructions: number; owners: Record<Owner, number> } {
  const { total, costs } = readCallgrind(callgrind)
  if (total === 0) throw new Error('callgrind counted nothing')
  const owners = Object.fromEntries(OWNERS.map((owner) => [owner, 0])) as Record<Owner, number>
  for (const cost of costs) owners[ownerOf(cost)] += cost.instructions
  const shared = Object.values(owners).reduce((sum, instructions) => sum + instructions, 0)
  if (shared !== total)
    throw new Error(`callgrind counted ${total} instructions, but ${shared} have an owner`)
  for (const owner of OWNERS) owners[owner] /= CALLS
  return { instructions: total / CALLS, owners }
}
