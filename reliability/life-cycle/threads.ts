/** Threads that load the package, use it and end. */
import { strict as assert } from 'node:assert'
import { findings } from './program.ts'

interface State {
  readonly descriptors: number
  readonly residentKilobytes: number
}

/** What threads leave behind. */
export interface Left {
  readonly descriptors: number
  readonly kilobytes: number
  /** What as many threads without the package leave behind. */
  readonly kilobytesWithout: number
}

/**
 * Far more than memory differs by from run to run, and less than 100 KB a thread for 500. What is smaller is found by
 * LeakSanitizer (../sanitizers).
 */
const LIMIT_KILOBYTES = 32_768

export async function threads(node: string, count: number, atOnce: number): Promise<Left> {
  const without = await run(node, count, atOnce, ['without'])
  const { descriptors, residentKilobytes: kilobytes } = await run(node, count, atOnce)
  const left = { descriptors, kilobytes, kilobytesWithout: without.residentKilobytes }
  assert.equal(descriptors, 0, `${descriptors} descriptors are left`)
  assert.ok(kilobytes - left.kilobytesWithout < LIMIT_KILOBYTES, `${kilobytes} KB are left`)
  return left
}

async function run(
  node: string,
  count: number,
  atOnce: number,
  mode: readonly string[] = [],
): Promise<State> {
  const program = ['threads.cjs', String(count), String(atOnce), ...mode]
  const { before, after } = await findings<{ before: State; after: State }>(node, program)
  return {
    descriptors: after.descriptors - before.descriptors,
    residentKilobytes: after.residentKilobytes - before.residentKilobytes,
  }
}
