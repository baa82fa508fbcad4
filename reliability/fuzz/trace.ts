/** The calls of a child process, in a file, so that the last ones are available after a crash. */
import { existsSync, openSync, readFileSync, writeSync } from 'node:fs'

/** How many calls are shown, and how much of each. */
const CALLS = 40
const WIDTH = 160

/** @returns a function to call before each call that it describes: what is written to a file outlives the process */
export function openTrace(path: string): (what: string) => void {
  const file = openSync(path, 'w')
  return (what) => void writeSync(file, `${what.replaceAll(/[^ -~]/g, '?').slice(0, WIDTH)}\n`)
}

/** The last one last. */
export function lastCalls(path: string): string[] {
  if (!existsSync(path)) return [] // the process ended before the first call
  return readFileSync(path, 'latin1').trimEnd().split('\n').slice(-CALLS)
}
