/** Runs a program under a tool that watches its memory, and the proof that the tool would have said something. */
import { ROOT } from '../../lab/command.ts'
import { type Ended, end } from '../../lab/run.ts'

/** A program to be run, with what it needs in its environment. */
export interface Watched {
  readonly program: string
  readonly parameters: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
}

/** What the program printed; throws with what was said where the tool found something, or the program failed. */
export async function mustBeClean(watched: Watched): Promise<string> {
  const { code, stdout, stderr } = await ended(watched)
  if (code === 0) return stdout
  throw new Error(`${commandOf(watched)}\nended with ${code ?? 'a signal'}:\n${stdout}${stderr}`)
}

/** Throws where the tool does not find an error that was planted; `finding` is how it says it. */
export async function mustFind(finding: RegExp, watched: Watched): Promise<void> {
  const { code, stdout, stderr } = await ended(watched)
  const said = stdout + stderr
  if (code === 0 || !finding.test(said)) {
    throw new Error(`A planted error was not found (${String(finding)}) by ${commandOf(watched)}\n${said}`)
  }
}

function ended({ program, parameters, environment = {} }: Watched): Promise<Ended> {
  return end(program, parameters, {
    cwd: ROOT,
    environment: { ...process.env, NODE_OPTIONS: '', ...environment },
  })
}

function commandOf({ program, parameters }: Watched): string {
  return [program, ...parameters].join(' ')
}
