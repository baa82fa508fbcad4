/** Which of the tests cannot be run on this machine, and why: the same questions that the tests themselves ask. */
import { spawnSync } from 'node:child_process'
import { root } from './ready.mjs'

const ASK = `
  import { labUnavailable } from './lab/network/requirements.ts'
  import { postgresUnavailable } from './lab/servers/postgres.ts'
  import { matrixUnavailable } from './lab/clients/matrix.ts'
  import { preloadUnavailable } from './lab/clients/preload.ts'
  const reasons = [
    await labUnavailable(),
    await postgresUnavailable({ tls: true }),
    await matrixUnavailable(),
    preloadUnavailable(),
  ]
  for (const reason of new Set(reasons)) if (reason) console.log(reason)`

/** A sentence for each; none where everything can be run. */
export async function leftOut() {
  const args = ['--import', 'ts-blank-space/register', '--input-type=module', '--eval', ASK]
  const { stdout, status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout.split('\n').filter(Boolean)
}
