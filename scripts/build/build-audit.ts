/** `npm run build -- audit`: the audit of binaries that are there already. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { audit } from './audit.ts'
import { ROOT, runCommand } from '../../lab/command.ts'
import { targetsNamed } from './targets.ts'

const HELP = `npm run build -- audit [options]

Holds the binaries to what scripts/build/targets.ts says of their platform.

  --target NAME   only this one; may be given again
  --out DIR       where the binaries are, instead of artifacts/`

await runCommand(HELP, async () => {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', multiple: true, default: [] },
      out: { type: 'string', default: join(ROOT, 'artifacts') },
    },
  })
  await audit(targetsNamed(values.target), values.out)
})
