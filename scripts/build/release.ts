/** `npm run release`: publishes every package to npm; for the release workflow. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, runCommand } from './command.ts'
import { check, pack } from './pack-all.ts'
import { publish } from './publish.ts'
import { TARGETS } from './targets.ts'

const HELP = `npm run release -- [options]

Packs and checks every package (npm run build:all and npm run build come first) and publishes what is not published
yet, with provenance. Only the release workflow can: npm run release:dry rehearses it.

  --binaries DIR  where the binaries are, instead of artifacts/`

await runCommand(HELP, async () => {
  const { values } = parseArgs({
    options: { binaries: { type: 'string', default: join(ROOT, 'artifacts') } },
  })
  if (process.env['ACTIONS_ID_TOKEN_REQUEST_URL'] === undefined) {
    throw new Error('only the release workflow may publish; `npm run release:dry` rehearses it')
  }
  const packages = await pack(TARGETS, values.binaries, join(ROOT, 'packages'))
  await check(packages)
  await publish(packages, { parameters: ['--provenance'] })
})
