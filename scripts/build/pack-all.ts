/** `npm run build -- pack`: every package as a tarball, as it would be published, and checked as its users see it. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { writeMainBill, writePlatformBill } from '../supply-chain/bill-of-materials.ts'
import { type Options, ROOT, runCommand } from '../../lab/command.ts'
import { compilersOf } from './compilers.ts'
import type { Packed } from './packed.ts'
import { run } from '../../lab/run.ts'
import { inTemporaryFolder } from '../../lab/temporary.ts'
import { stage } from './stage.ts'
import { targetsNamed, type Target } from './targets.ts'

const HELP = `npm run build -- pack [options]

Packs the main package and every platform's into packages/, from artifacts/ (npm run build -- all) and dist/ (npm run
build), with a bill of materials (CycloneDX) beside each, and checks the main one with publint and are-the-types-wrong.

  --target NAME   only this platform; may be given again
  --binaries DIR  where the binaries are, instead of artifacts/
  --out DIR       where the tarballs go, instead of packages/`

/** Packs the packages of these targets and then the main one, in the order in which they are to be published. */
export async function pack(
  targets: readonly Target[],
  binaries: string,
  out: string,
): Promise<readonly Packed[]> {
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  return inTemporaryFolder('packages', async (folder) => {
    const packed: Packed[] = []
    for (const each of await stage(targets, binaries, folder)) packed.push(await packOne(each.folder, out))
    await writeBills(targets, binaries, packed)
    await writeFile(join(out, LIST), `${JSON.stringify(packed, undefined, 2)}\n`)
    return packed
  })
}

/** The bill of materials of each package, beside its tarball. */
async function writeBills(
  targets: readonly Target[],
  binaries: string,
  packed: readonly Packed[],
): Promise<void> {
  for (const [index, target] of targets.entries()) {
    const platform = packed[index]
    if (platform) await writePlatformBill(platform, target, await compilersOf(binaries, target))
  }
  const main = packed.at(-1)
  if (main) await writeMainBill(main, packed.slice(0, -1))
}

/** What {@link pack} left in a folder, wherever that folder has been moved to. */
export async function readPacked(folder: string): Promise<readonly Packed[]> {
  const packed = JSON.parse(await readFile(join(folder, LIST), 'utf8')) as readonly Packed[]
  return packed.map((each) => ({ ...each, tarball: join(folder, basename(each.tarball)) }))
}

/** Stands beside the tarballs: what they are, in the order in which they are to be published. */
const LIST = 'packages.json'

interface NpmPacked {
  readonly name: string
  readonly version: string
  readonly filename: string
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

async function packOne(folder: string, out: string): Promise<Packed> {
  const printed = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', resolve(out)],
    { cwd: folder },
  )
  const [packed] = Object.values(JSON.parse(printed) as readonly NpmPacked[])
  if (!packed) throw new Error(`npm packed nothing in ${folder}`)
  const { name, version, filename, unpackedSize, files } = packed
  return {
    name,
    version,
    tarball: join(resolve(out), filename),
    unpackedSize,
    files: files.map((file) => file.path),
  }
}

/** Throws what publint and are-the-types-wrong have against a tarball. */
export async function check(tarball: string): Promise<void> {
  await run('npm', ['exec', '--no', '--', 'publint', '--strict', tarball], { cwd: ROOT })
  await run('npm', ['exec', '--no', '--', 'attw', tarball], { cwd: ROOT })
}

if (process.argv[1] === import.meta.filename) {
  const options = {
    target: { type: 'string', multiple: true, default: [] },
    binaries: { type: 'string', default: join(ROOT, 'artifacts') },
    out: { type: 'string', default: join(ROOT, 'packages') },
  } satisfies Options
  await runCommand(HELP, options, async (values) => {
    const packed = await pack(targetsNamed(values.target), values.binaries, values.out)
    for (const { tarball, unpackedSize } of packed) console.log(`${tarball}  ${unpackedSize} bytes unpacked`)
    const main = packed.at(-1)
    if (main) await check(main.tarball)
    console.log('publint and are-the-types-wrong have nothing against it')
  })
}
