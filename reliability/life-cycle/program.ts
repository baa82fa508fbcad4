/** Runs one of the programs of this folder on a given Node, and hands back what it found. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** How a program ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A program that hangs is ended by a signal, which no check takes for good. */
const LONGEST_MS = 600_000

/** @param node the program of a version of Node */
export async function end(
  node: string,
  parameters: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(node, parameters, {
    cwd: import.meta.dirname,
    env: { ...process.env, NODE_OPTIONS: '', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
  })
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ])
  return { code, signal, stdout, stderr }
}

/** What the program prints as JSON at its end; throws with what it said where something was not as it must be. */
export async function findings<T>(node: string, [file = '', ...rest]: readonly string[]): Promise<T> {
  const { code, signal, stdout, stderr } = await end(node, [join(import.meta.dirname, file), ...rest])
  if (code === 0) return JSON.parse(stdout) as T
  throw new Error(`${file} ended with ${signal ?? code ?? 'nothing'} on ${node}:\n${stdout}${stderr}`)
}
