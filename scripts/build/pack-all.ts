/** `npm run pack:all`: every package as a tarball, as it would be published, and checked as its users see it. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, runCommand } from './command.ts'
import { run } from './run.ts'
import { stage } from './stage.ts'
import { targetsNamed, type Target } from './targets.ts'

const HELP = `npm run pack:all -- [options]

Packs the main package and every platform's into packages/, from artifacts/ (npm run build:all) and dist/ (npm run
build:dist), and checks the main one with publint and are-the-types-wrong.

  --target NAME   only this platform; may be given again
  --binaries DIR  where the binaries are, instead of artifacts/
  --out DIR       where the tarballs go, instead of packages/`

/** One package as npm reports that it packed it. */
export interface Packed {
  readonly name: string
  readonly version: string
  /** Where the tarball is. */
  readonly tarball: string
  readonly unpackedSize: number
  readonly files: readonly string[]
}

/** Packs the packages of these targets and then the main one, in the order in which they are to be published. */
export async function pack(
  targets: readonly Target[],
  binaries: string,
  out: string,
): Promise<readonly Packed[]> {
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-packages-'))
  try {
    const packed: Packed[] = []
    for (const each of await stage(targets, binaries, folder)) packed.push(await packOne(each.folder, out))
    return packed
  } finally {
    await rm(folder, { recursive: true })
  }
}

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

/** Throws what publint and are-the-types-wrong have against the main package, which is the last. */
export async function check(packages: readonly Packed[]): Promise<void> {
  const main = packages.at(-1)
  if (!main) throw new Error('nothing was packed')
  await run('npm', ['exec', '--no', '--', 'publint', '--strict', main.tarball], { cwd: ROOT })
  await run('npm', ['exec', '--no', '--', 'attw', main.tarball], { cwd: ROOT })
}

if (process.argv[1] === import.meta.filename) {
  await runCommand(HELP, async () => {
    const { values } = parseArgs({
      options: {
        target: { type: 'string', multiple: true, default: [] },
        binaries: { type: 'string', default: join(ROOT, 'artifacts') },
        out: { type: 'string', default: join(ROOT, 'packages') },
      },
    })
    const packed = await pack(targetsNamed(values.target), values.binaries, values.out)
    for (const { tarball, unpackedSize } of packed) console.log(`${tarball}  ${unpackedSize} bytes unpacked`)
    await check(packed)
    console.log('publint and are-the-types-wrong have nothing against it')
  })
}
