/** The last calls of a child process, in a file, so that they outlive whatever ends it. */
import { existsSync, openSync, readFileSync, writeSync } from 'node:fs'

/** How many calls are kept, each in a place of its own. */
const KEPT = 40
const WIDTH = 160

export class Trace {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  /** To be called before the call: what the kernel has been given of a file is there also after a crash. */
  add(index: number, what: string): void {
    const line = `${index} ${what}`.replaceAll(/[^ -~]/g, '?').slice(0, WIDTH - 1)
    writeSync(this.#file, `${line.padEnd(WIDTH - 1)}\n`, (index % KEPT) * WIDTH, 'latin1')
  }
}

/** The calls in a file of {@link Trace}, the last one last. */
export function lastCalls(path: string): string[] {
  if (!existsSync(path)) return [] // it has ended before the first
  return readFileSync(path, 'latin1')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
}
