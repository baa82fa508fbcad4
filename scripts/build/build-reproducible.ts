/** `npm run build -- reproducible`: the same sources give the same bytes wherever they are built. */
import { createHash } from 'node:crypto'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compile } from './compile.ts'
import { type Options, ROOT, runCommand } from '../../lab/command.ts'
import { startProgress } from './progress.ts'
import { run } from '../../lab/run.ts'
import { inTemporaryFolder } from '../../lab/temporary.ts'
import { binaryOf, targetsNamed } from './targets.ts'
import { prepareToolchain } from './toolchain.ts'

const HELP = `npm run build -- reproducible [options]

Builds again, in a copy of the sources in another folder and with nothing compiled before, and compares with what
npm run build -- all left in artifacts/.

  --target NAME   only this one; may be given again
  --out DIR       where the binaries to compare with are, instead of artifacts/`

const OPTIONS = {
  target: { type: 'string', multiple: true, default: [] },
  out: { type: 'string', default: join(ROOT, 'artifacts') },
} satisfies Options

await runCommand(HELP, OPTIONS, async (values) => {
  const targets = targetsNamed(values.target)
  const toolchain = await prepareToolchain({ prebuiltLibrary: false, onStep: (step) => console.log(step) })
  const different: string[] = []
  await inTemporaryFolder('another folder', async (elsewhere) => {
    const folder = join(elsewhere, 'sources')
    await copySources(folder)
    for (const [index, target] of targets.entries()) {
      const progress = startProgress(`[${index + 1}/${targets.length}] ${target.name}`)
      const rebuilt = await compile(target, toolchain, {
        folder,
        targetFolder: join(elsewhere, 'target'),
        misbehaving: false,
        onProgress: progress.step,
      })
      const [before, after] = [await hash(join(values.out, binaryOf(target))), await hash(rebuilt)]
      if (before !== after) different.push(target.name)
      progress.done(before === after ? `the same bytes, ${after}` : `DIFFERENT: ${before} and ${after}`)
    }
  })
  if (different.length > 0) throw new Error(`not reproducible: ${different.join(', ')}`)
})

/** What is committed, and what would be. */
async function copySources(folder: string): Promise<void> {
  const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  })
  for (const file of listed.split('\0').filter(Boolean)) await cp(join(ROOT, file), join(folder, file))
}

async function hash(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}
