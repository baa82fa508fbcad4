/** `npm run build -- reproducible`: shows that a build in another folder gives the same bytes. */
import { hash } from 'node:crypto'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compile } from './compile.ts'
import { type Options, ROOT, runCommand } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'
import { inTemporaryFolder } from '../../lab/temporary.ts'
import { binaryOf, targetsNamed } from './targets.ts'
import { prepareToolchain } from './toolchain.ts'

const HELP = `npm run build -- reproducible [options]

Copies the sources to another folder, builds everything there, and compares the binaries with those that
npm run build -- all has written to artifacts/.

  --target NAME   builds only this platform; can be repeated`

const OPTIONS = { target: { type: 'string', multiple: true, default: [] } } satisfies Options

await runCommand(HELP, OPTIONS, async (values) => {
  const toolchain = await prepareToolchain()
  const different: string[] = []
  await inTemporaryFolder('another folder', async (elsewhere) => {
    const folder = join(elsewhere, 'sources')
    const listing = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
    const files = (await run('git', listing, { cwd: ROOT })).split('\0').filter(Boolean)
    for (const file of files) await cp(join(ROOT, file), join(folder, file))
    for (const target of targetsNamed(values.target)) {
      console.log(`${target.name} …`)
      const rebuilt = compile(target, toolchain, { folder, targetFolder: join(elsewhere, 'target') })
      const before = hash('sha256', await readFile(join(ROOT, 'artifacts', binaryOf(target))))
      const after = hash('sha256', await readFile(rebuilt))
      if (before !== after) different.push(target.name)
      const result = before === after ? `the same bytes, ${after}` : `DIFFERENT: ${before} and ${after}`
      console.log(`${target.name}: ${result}`)
    }
  })
  if (different.length > 0) throw new Error(`not reproducible: ${different.join(', ')}`)
})
