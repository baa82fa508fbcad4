/** Runs programs: quietly, with their output at hand when they fail. */
import { spawn } from 'node:child_process'

export interface RunOptions {
  readonly cwd?: string
  readonly environment?: NodeJS.ProcessEnv
  /** Called with each line that the program writes to its standard error. */
  readonly onLine?: (line: string) => void
}

/** The program's standard output; an error with the end of what it said where it fails. */
export async function run(
  program: string,
  parameters: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const child = spawn(program, parameters, {
    cwd: options.cwd,
    env: options.environment ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let said = ''
  let unfinished = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
    const lines = (unfinished + text).split('\n')
    unfinished = lines.pop() ?? ''
    for (const line of lines) options.onLine?.(line)
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`${program} cannot be started`, { cause })))
    child.once('close', resolve)
  })
  if (code === 0) return output
  const end = `${output}\n${said}`.trim().split('\n').slice(-40).join('\n')
  throw new Error(`${[program, ...parameters].join(' ')}\nended with ${code ?? 'a signal'}:\n${end}`)
}
