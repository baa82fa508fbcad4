/** Tests that need more than Node and Rust: they run if the machine allows it, and always in CI. */
import test from 'ava'
import { postgresUnavailable } from '../lab/servers/postgres.ts'
import { labUnavailable } from '../lab/network/requirements.ts'

/** `test`, or `test.skip` if there is a reason. With CI set, a reason is an error. */
export function unless(reason: string | undefined): typeof test | typeof test.skip {
  if (reason === undefined) return test
  if (process.env['CI']) throw new Error(`With CI set nothing may be left out. ${reason}`)
  return test.skip
}

const noLab = await labUnavailable()

/** A test in the network laboratory. */
export const withLab: typeof test | typeof test.skip = unless(noLab)

/** A test in the network laboratory with a PostgreSQL in it. */
export const withPostgres: typeof test | typeof test.skip = unless(noLab ?? (await postgresUnavailable()))
