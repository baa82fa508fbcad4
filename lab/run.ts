/** Runs programs: quietly, with their output at hand when they fail. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

interface RunOptions {
  readonly cwd?: string
  readonly environment?: NodeJS.ProcessEnv
  /** Called with each line that the program writes to its standard error. */
  readonly onLine?: (line: string) => void
  /** After so many milliseconds it is ended by a signal. */
  readonly timeout?: number
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Waits for a program's end, whatever that is; throws only where it cannot be started. */
export async function end(
  program: string,
  parameters: readonly string[],
  { cwd, environment = process.env, onLine, timeout }: RunOptions = {},
): Promise<Ended> {
  const stdio = ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe']
  const child = spawn(program, parameters, { cwd, env: environment, stdio, timeout })
  let [stdout, stderr, unfinished] = ['', '', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    const lines = (unfinished + text).split('\n')
    unfinished = lines.pop() ?? ''
    for (const line of lines) onLine?.(line)
  })
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`${program} cannot be started`, { cause })))
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** The program's standard output; an error with the end of what it said where it fails. */
export async function run(
  program: string,
  parameters: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await end(program, parameters, options)
  if (code === 0) return stdout
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-40).join('\n')
  throw new Error(`${[program, ...parameters].join(' ')}\nended with ${code ?? 'a signal'}:\n${said}`)
}

/** Resolves with the first match in what the program prints from now on; what it prints after that is thrown away. */
export function untilPrinted(
  program: ChildProcess,
  pattern: RegExp,
  outputs: ReadonlyArray<Readable | null> = [program.stdout, program.stderr],
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const listen = (chunk: string): void => {
      printed += chunk
      const match = pattern.exec(printed)
      if (!match) return
      for (const output of outputs) output?.off('data', listen).resume()
      program.off('close', fail).off('error', reject)
      resolve(match)
    }
    const fail = (): void => reject(new Error(`${program.spawnfile} ended. It printed: ${printed.trim()}`))
    for (const output of outputs) output?.setEncoding('utf8').on('data', listen)
    program.once('close', fail).once('error', reject)
  })
}
