/** The last calls of a child process, in a file, so that they are available after a crash. */
import { existsSync, openSync, readFileSync, writeSync } from 'node:fs'

/** How many calls the file contains, each at its own place. */
const CALLS = 40
const WIDTH = 160

export class Trace {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  /** Call this before the call that it describes: what is written to a file outlives the process. */
  add(index: number, what: string): void {
    const line = `${index} ${what}`.replaceAll(/[^ -~]/g, '?').slice(0, WIDTH - 1)
    writeSync(this.#file, `${line.padEnd(WIDTH - 1)}\n`, (index % CALLS) * WIDTH, 'latin1')
  }
}

/** The calls in a file of {@link Trace}, the last one last. */
export function lastCalls(path: string): string[] {
  if (!existsSync(path)) return [] // the process ended before the first call
  const lines = readFileSync(path, 'latin1').split('\n')
  const calls = lines.map((line) => line.trim()).filter(Boolean)
  return calls.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
}
