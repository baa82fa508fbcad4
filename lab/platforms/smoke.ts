/** Runs smoke.cjs, and reads its result. */
import { spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inTemporaryFolder } from '../temporary.ts'
import type { Shown } from './results.ts'

/** Under an emulator, the start alone takes seconds. */
const LIMIT_MS = 180_000

type Smoke = Pick<Shown, 'runtime' | 'passed' | 'userTimeout'> & { readonly failed: Record<string, string> }

/** Runs smoke.cjs with `command`. Throws if a check fails. */
export async function smoke(
  { name, target, how }: Pick<Shown, 'name' | 'target' | 'how'>,
  command: readonly string[],
): Promise<Shown> {
  const { output, end } = await inTemporaryFolder('smoke', (folder) => outputOf(command, folder))
  const line = output.split('\n').find((each) => each.startsWith('{"runtime"'))
  if (line === undefined) throw new Error(`${command.join(' ')}\nended with ${end}:\n${output}`)
  const { failed, ...told } = JSON.parse(line) as Smoke
  const failures = Object.entries(failed)
  if (failures.length > 0) throw new Error(failures.map(([name, error]) => `${name}: ${error}`).join('\n'))
  if (end !== 0) throw new Error(`every check passed, but it ended with ${end}:\n${output}`)
  return { name, target, how, ...told }
}

/** Uses a file, because Windows programs under Wine may lose what they write into a pipe. */
async function outputOf(
  command: readonly string[],
  folder: string,
): Promise<{ output: string; end: number | string }> {
  const path = join(folder, 'output')
  const file = await open(path, 'w')
  try {
    const [program = '', ...parameters] = command
    // In a process group of its own, which can be ended as a whole.
    const child = spawn(program, parameters, { stdio: ['ignore', file.fd, file.fd], detached: true })
    const end = await new Promise<number | string>((resolve, reject) => {
      const limit = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), LIMIT_MS)
      child.once('error', reject).once('exit', (code, signal) => {
        clearTimeout(limit)
        resolve(code ?? signal ?? 'nothing')
      })
    })
    return { output: await readFile(path, 'utf8'), end }
  } finally {
    await file.close()
  }
}
