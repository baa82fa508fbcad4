/** Runs one of the programs of this folder on a given Node, and hands back what it found. */
import { join } from 'node:path'
import { type Ended, end as endOf } from '../../lab/run.ts'

export type { Ended }

/** A program that hangs is ended by a signal, which no check takes for good. */
const LONGEST_MS = 600_000

/** @param node the program of a version of Node */
export async function end(
  node: string,
  parameters: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const environment = { ...process.env, NODE_OPTIONS: '', ...variables }
  return endOf(node, parameters, { cwd: import.meta.dirname, environment, timeout: LONGEST_MS })
}

/** What the program prints as JSON at its end; throws with what it said where something was not as it must be. */
export async function findings<T>(node: string, [file = '', ...rest]: readonly string[]): Promise<T> {
  const { code, signal, stdout, stderr } = await end(node, [join(import.meta.dirname, file), ...rest])
  if (code === 0) return JSON.parse(stdout) as T
  throw new Error(`${file} ended with ${signal ?? code ?? 'nothing'} on ${node}:\n${stdout}${stderr}`)
}
