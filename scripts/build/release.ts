/** `npm run release`: publishes what `npm run build -- pack` packed. */
import { join, resolve } from 'node:path'
import { type Options, ROOT, runCommand } from '../../lab/command.ts'
import { readPacked } from './pack-all.ts'
import { publish } from './publish.ts'

const HELP = `npm run release -- [options]

Publishes the tarballs in packages/ (npm run build -- pack), the platforms' first and the main package last, to the registry
that npm is configured for. What is published already is left alone, so a release that stopped half way is run again.

  --packages DIR  where the tarballs are, instead of packages/
  --provenance    with a statement of where they were built, as the release workflow does`

const OPTIONS = {
  packages: { type: 'string', default: join(ROOT, 'packages') },
  provenance: { type: 'boolean', default: false },
} satisfies Options

await runCommand(HELP, OPTIONS, async (values) => {
  // what the workflow is given to prove to npm who it is; npm publishes nothing of ours for anybody else
  if (process.env['ACTIONS_ID_TOKEN_REQUEST_URL'] === undefined) {
    throw new Error('only the release workflow may publish; `npm run release:dry` rehearses it')
  }
  const packed = await readPacked(resolve(values.packages))
  const tag = process.env['GITHUB_REF_NAME']
  for (const { name, version } of packed) {
    if (tag !== `v${version}`) throw new Error(`${name} is ${version}, and the tag is ${tag}`)
  }
  await publish(packed, { parameters: values.provenance ? ['--provenance'] : [] })
})
