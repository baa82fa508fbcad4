/** `npm run docs -- binaries`: prints the up-to-date docs/binaries.md, or writes it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, runCommand } from '../../lab/command.ts'
import { binariesDocument } from './binaries-document.ts'

const HELP = `npm run docs -- binaries [options]

Prints a page about the binaries: the crates with their licences, and every \`unsafe\` with its reason.

  --write   writes the page to docs/binaries.md instead`

await runCommand(HELP, { write: { type: 'boolean' } }, async ({ write }) => {
  const path = join(ROOT, 'docs/binaries.md')
  const document = await binariesDocument(await readFile(path, 'utf8'))
  if (write) await writeFile(path, document)
  else console.log(document)
})
