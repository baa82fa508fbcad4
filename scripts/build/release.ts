/** `npm run release`: publishes the output of `npm run build -- pack`. */
import { join } from 'node:path'
import { type Options, ROOT, runCommand } from '../../lab/command.ts'
import { readPacked } from './pack-all.ts'
import { publish } from './publish.ts'

const HELP = `npm run release -- [options]

Publishes the tarballs in packages/ (npm run build -- pack), the platforms' first and the main package last, to the registry that npm
is configured for. Skips published versions, so a release that stopped half-way can be run again.

  --provenance  adds a statement of where the packages were built, as the release workflow does`

const OPTIONS = { provenance: { type: 'boolean' } } satisfies Options

await runCommand(HELP, OPTIONS, async ({ provenance }) => {
  // With this variable the workflow proves its identity to npm. npm accepts our packages from nobody else.
  if (process.env['ACTIONS_ID_TOKEN_REQUEST_URL'] === undefined) {
    throw new Error('only the release workflow may publish; `npm run release:dry` rehearses it')
  }
  const packed = await readPacked(join(ROOT, 'packages'))
  const tag = process.env['GITHUB_REF_NAME']
  for (const { name, version } of packed) {
    if (tag !== `v${version}`) throw new Error(`${name} is ${version}, but the tag is ${tag}`)
  }
  await publish(packed, provenance ? ['--provenance'] : [])
})
