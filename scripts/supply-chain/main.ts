/** `npm run docs -- binaries`: prints docs/binaries.md anew, or writes it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, runCommand } from '../../lab/command.ts'
import { binariesDocument } from './binaries-document.ts'

const HELP = `npm run docs -- binaries [options]

Prints what is in the binaries: the crates with their licences, and every \`unsafe\` with its reason.

  --write   into docs/binaries.md`

await runCommand(HELP, { write: { type: 'boolean' } }, async ({ write }) => {
  const document = await binariesDocument()
  if (write) await writeFile(join(ROOT, 'docs/binaries.md'), document)
  else console.log(document)
})
