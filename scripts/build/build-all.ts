/** `npm run build -- all`: the binary of every platform, on one Linux machine. */
import { copyFile, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { audit } from './audit.ts'
import { CACHE } from '../../lab/cache.ts'
import { compile } from './compile.ts'
import { noteCompilers } from './compilers.ts'
import { type Options, ROOT, runCommand } from '../../lab/command.ts'
import { binaryOf, targetsNamed, TARGETS } from './targets.ts'
import { prepareToolchain } from './toolchain.ts'

const HELP = `npm run build -- all [options]

Builds the binary of every platform into artifacts/ and audits the files.

  --target NAME   builds only this platform; can be repeated. The platforms are
                    ${TARGETS.map((target) => target.name).join('\n                    ')}
  --out DIR       writes the binaries to DIR instead of artifacts/
  --misbehaving   adds functions that panic and misuse memory (crates/misbehave), for tests; does not audit

The first run installs the compilers (Debian packages, PyPI). They and what they compiled are kept in
KEEPALIVE_CACHE, by default ~/.cache/tcp-keepalive, which can be deleted at any time.`

const OPTIONS = {
  target: { type: 'string', multiple: true, default: [] },
  out: { type: 'string', default: join(ROOT, 'artifacts') },
  misbehaving: { type: 'boolean', default: false },
} satisfies Options

await runCommand(HELP, OPTIONS, async ({ target: names, out, misbehaving }) => {
  const targets = targetsNamed(names)
  const toolchain = await prepareToolchain()
  console.log(toolchain.description)
  await mkdir(out, { recursive: true })
  const compilation = { folder: ROOT, targetFolder: join(CACHE, 'target'), misbehaving }
  for (const [index, target] of targets.entries()) {
    const title = `[${index + 1}/${targets.length}] ${target.name}`
    console.log(`${title} …`)
    const started = Date.now()
    const binary = join(out, binaryOf(target))
    await copyFile(compile(target, toolchain, compilation), binary)
    await noteCompilers(out, target, toolchain)
    const size = Math.ceil((await stat(binary)).size / 1024)
    console.log(`${title}: ${size} KB (${Math.round((Date.now() - started) / 1000)} s)`)
  }
  if (!misbehaving) await audit(targets, out)
})
