/** `npm run build -- all`: the binary of every platform, on one Linux machine. */
import { copyFile, mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { audit } from './audit.ts'
import { CACHE } from '../../lab/cache.ts'
import { compile } from './compile.ts'
import { noteCompilers } from './compilers.ts'
import { startProgress } from './progress.ts'
import { type Options, ROOT, runCommand } from '../../lab/command.ts'
import { binaryOf, targetsNamed, TARGETS } from './targets.ts'
import { prepareToolchain } from './toolchain.ts'

const HELP = `npm run build -- all [options]

Builds the binary of every platform into artifacts/ and audits what came out.

  --target NAME        only this one; may be given again. There are
                         ${TARGETS.map((target) => target.name).join('\n                         ')}
  --out DIR            where the binaries go, instead of artifacts/
  --misbehaving        with functions that panic and misuse memory (crates/misbehave), for tests; not audited
  --target-dir DIR     where cargo keeps what it compiled, instead of the cache
  --prebuilt-library   takes Rust's standard library as rustup installed it, where it is (rustup target add):
                       quicker, but more than twice as large, and so not audited either

Compilers are set up on the first run (Debian packages, PyPI); they and what was compiled are kept in
KEEPALIVE_CACHE, by default ~/.cache/tcp-keepalive, which may be deleted at any time.`

const OPTIONS = {
  target: { type: 'string', multiple: true, default: [] },
  out: { type: 'string', default: join(ROOT, 'artifacts') },
  misbehaving: { type: 'boolean', default: false },
  'target-dir': { type: 'string', default: join(CACHE, 'target') },
  'prebuilt-library': { type: 'boolean', default: false },
} satisfies Options

await runCommand(HELP, OPTIONS, async (values) => {
  const targets = targetsNamed(values.target)
  const toolchain = await prepareToolchain({
    prebuiltLibrary: values['prebuilt-library'],
    onStep: (step) => console.log(step),
  })
  console.log(toolchain.description)
  await mkdir(values.out, { recursive: true })
  for (const [index, target] of targets.entries()) {
    const progress = startProgress(`[${index + 1}/${targets.length}] ${target.name}`)
    const library = await compile(target, toolchain, {
      folder: ROOT,
      targetFolder: resolve(values['target-dir']),
      misbehaving: values.misbehaving,
      onProgress: progress.step,
    })
    const binary = join(values.out, binaryOf(target))
    await copyFile(library, binary)
    await noteCompilers(values.out, target, toolchain)
    progress.done(`${Math.ceil((await stat(binary)).size / 1024)} KB`)
  }
  if (!values.misbehaving && !values['prebuilt-library']) await audit(targets, values.out)
})
