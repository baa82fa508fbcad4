/** Runs programs without showing their output, and adds it to the error if they fail. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

interface RunOptions {
  readonly cwd?: string
  readonly environment?: NodeJS.ProcessEnv
  /** After so many milliseconds, a signal ends it. */
  readonly timeout?: number
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. Throws only if it cannot be started. */
export async function end(
  program: string,
  parameters: readonly string[],
  { cwd, environment = process.env, timeout }: RunOptions = {},
): Promise<Ended> {
  const stdio = ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe']
  const child = spawn(program, parameters, { cwd, env: environment, stdio, timeout })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`${program} cannot be started`, { cause })))
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** Returns the program's standard output. If it fails, throws an error with the end of its output. */
export async function run(
  program: string,
  parameters: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await end(program, parameters, options)
  if (code === 0) return stdout
  const output = `${stdout}\n${stderr}`.trim().split('\n').slice(-40).join('\n')
  throw new Error(`${[program, ...parameters].join(' ')}\nended with ${code ?? 'a signal'}:\n${output}`)
}

/** Resolves with the first match in the program's output from now on. Later output is discarded. */
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
