/** `npm run build -- pack`: packs every package as it is published, and checks it as its users see it. */
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

Packs the main package and every platform's package into packages/, from artifacts/ (npm run build -- all) and dist/ (npm run
build), each with a bill of materials (CycloneDX). Checks the main package with publint and are-the-types-wrong.

  --target NAME  packs only this platform; can be repeated`

/** The list of the tarballs in a folder, in the order in which they are published. */
const LIST = 'packages.json'

/** Packs the packages of these targets and then the main one, which is the order in which they are published. */
export async function pack(
  targets: readonly Target[],
  binaries: string,
  out: string,
): Promise<readonly Packed[]> {
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  const packed = await inTemporaryFolder('packages', async (folder) => {
    const staged = await stage(targets, binaries, folder)
    return npmPack([...staged.values()], resolve(out))
  })
  const platforms = packed.slice(0, -1)
  for (const [index, target] of targets.entries()) {
    const platform = platforms[index]
    if (platform) await writePlatformBill(platform, target, await compilersOf(binaries, target))
  }
  const main = packed.at(-1)
  if (main) await writeMainBill(main, platforms)
  await writeFile(join(out, LIST), `${JSON.stringify(packed, undefined, 2)}\n`)
  return packed
}

/** Reads the result of {@link pack} from a folder, which may have been moved. */
export async function readPacked(folder: string): Promise<readonly Packed[]> {
  const packed = JSON.parse(await readFile(join(folder, LIST), 'utf8')) as readonly Packed[]
  return packed.map((each) => ({ ...each, tarball: join(folder, basename(each.tarball)) }))
}

type NpmPacked = Pick<Packed, 'name' | 'version' | 'unpackedSize'> & {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

async function npmPack(folders: readonly string[], out: string): Promise<readonly Packed[]> {
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', out, ...folders]
  const packed = Object.values(JSON.parse(await run('npm', words)) as readonly NpmPacked[])
  return packed.map(({ name, version, filename, unpackedSize, files }) => {
    const tarball = join(out, filename)
    return { name, version, tarball, unpackedSize, files: files.map(({ path }) => path) }
  })
}

/** Throws an error with what publint and are-the-types-wrong report. */
export async function check(tarball: string): Promise<void> {
  for (const words of [
    ['publint', '--strict', tarball],
    ['attw', tarball],
  ]) {
    await run('npm', ['exec', '--no', '--', ...words], { cwd: ROOT })
  }
}

if (process.argv[1] === import.meta.filename) {
  const options = { target: { type: 'string', multiple: true, default: [] } } satisfies Options
  await runCommand(HELP, options, async (values) => {
    const packed = await pack(targetsNamed(values.target), join(ROOT, 'artifacts'), join(ROOT, 'packages'))
    for (const { tarball, unpackedSize } of packed) console.log(`${tarball}  ${unpackedSize} bytes unpacked`)
    const main = packed.at(-1)
    if (main) await check(main.tarball)
    console.log('publint and are-the-types-wrong report nothing')
  })
}
