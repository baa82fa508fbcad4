/** Runs a program under a tool that watches its memory, and the proof that the tool would have said something. */
import { spawn } from 'node:child_process'
import { ROOT } from '../../lab/command.ts'

/** A program to be run, with what it needs in its environment. */
export interface Watched {
  readonly program: string
  readonly parameters: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
}

interface Ended {
  readonly code: number | null
  /** What it wrote to its standard output. */
  readonly output: string
  /** All that it wrote. */
  readonly said: string
}

/** What the program printed; throws with all that was said where the tool found something, or the program failed. */
export async function mustBeClean(watched: Watched): Promise<string> {
  const { code, output, said } = await ended(watched)
  if (code === 0) return output
  throw new Error(`${commandOf(watched)}\nended with ${code ?? 'a signal'}:\n${said}`)
}

/** Throws where the tool does not find an error that was planted; `finding` is how it says it. */
export async function mustFind(finding: RegExp, watched: Watched): Promise<void> {
  const { code, said } = await ended(watched)
  if (code === 0 || !finding.test(said)) {
    throw new Error(`A planted error was not found (${String(finding)}) by ${commandOf(watched)}\n${said}`)
  }
}

async function ended({ program, parameters, environment = {} }: Watched): Promise<Ended> {
  const child = spawn(program, parameters, {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [output, said] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    said += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`${program} cannot be started`, { cause })))
    child.once('close', resolve)
  })
  return { code, output, said }
}

function commandOf({ program, parameters }: Watched): string {
  return [program, ...parameters].join(' ')
}
