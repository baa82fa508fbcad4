/** The part `supply-chain`: what a user installs, where it comes from, and the results of its checks. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../lab/command.ts'
import { pack } from '../scripts/build/pack-all.ts'
import type { Packed } from '../scripts/build/packed.ts'
import { run as runProgram } from '../lab/run.ts'
import { inTemporaryFolder } from '../lab/temporary.ts'
import { TARGETS } from '../scripts/build/targets.ts'
import { billOf, problemsOfBill } from '../scripts/supply-chain/bill-of-materials.ts'
import { cratesIn, cratesNeeded, idOf } from '../scripts/supply-chain/crates.ts'
import { unsafeOfCrates } from '../scripts/supply-chain/unsafe.ts'
import type { Figure } from './record.ts'

export const usage = `
Packs what npm run build -- all and npm run build have written, and prints its contents. It needs cargo-deny on the PATH.`

export async function run(): Promise<readonly Figure[]> {
  return inTemporaryFolder('supply-chain', async (folder) => {
    const packed = await pack(TARGETS, join(ROOT, 'artifacts'), folder)
    return [
      ...(await manifests(packed)),
      ...(await crates()),
      ...(await lockFiles()),
      ...(await bills(packed)),
      ...sizes(packed),
    ]
  })
}

type Manifest = Partial<
  Record<'dependencies' | 'peerDependencies' | 'optionalDependencies' | 'scripts', object>
>

const size = (object: object | undefined): number => Object.keys(object ?? {}).length

async function manifests(packed: readonly Packed[]): Promise<readonly Figure[]> {
  const read = packed.map(async ({ tarball }) => {
    const words = ['--extract', '--to-stdout', '--file', tarball, 'package/package.json']
    return JSON.parse(await runProgram('tar', words)) as Manifest
  })
  const all = await Promise.all(read)
  const needed = all.map((each) => size(each.dependencies) + size(each.peerDependencies))
  return [
    [`dependencies at run time, of ${all.length} packages`, String(sum(needed))],
    ['platforms, of which npm installs one', String(size(all.at(-1)?.optionalDependencies))],
    ['install scripts', String(sum(all.map((each) => size(each.scripts))))],
  ]
}

async function crates(): Promise<readonly Figure[]> {
  const linked = (await Promise.all(TARGETS.map(cratesIn))).flat()
  const [foreign, own] = [true, false].map(
    (isForeign) => new Set(linked.filter((crate) => (crate.checksum !== undefined) === isForeign).map(idOf)),
  )
  const needed = new Set((await cratesNeeded()).map(idOf))
  for (const crate of linked) needed.delete(idOf(crate))
  const found = await unsafeOfCrates()
  const files = new Set(found.map(({ file }) => file)).size
  const check = ['--locked', 'check', 'bans', 'licenses', 'sources']
  return [
    ['crates of crates.io in the binaries', String(foreign?.size)],
    ['crates of this repository in them', String(own?.size)],
    ['crates that run in the compiler only', String(needed.size)],
    ['their licences', [...new Set(linked.map(({ license }) => license))].toSorted().join('; ')],
    [
      '`cargo-deny check bans licenses sources`',
      (await runProgram('cargo-deny', check, { cwd: ROOT })).trim(), // a line with the result
    ],
    [
      '`unsafe`, each with its reason',
      `${found.length} in ${files} files ([list](binaries.md#every-unsafe))`,
    ],
  ]
}

async function matches(file: string, hash: RegExp): Promise<number> {
  return (await readFile(join(ROOT, file), 'utf8')).match(hash)?.length ?? 0
}

async function lockFiles(): Promise<readonly Figure[]> {
  const listed = await runProgram('git', ['ls-files', '*package-lock.json'], { cwd: ROOT })
  const files = listed.split('\n').filter(Boolean)
  const hashes = await Promise.all(files.map((file) => matches(file, /"integrity": "sha512-/g)))
  return [
    [`packages of npm named by hash, to build and test, in ${files.length} lock files`, String(sum(hashes))],
    ['crates named by hash', String(await matches('Cargo.lock', /^checksum = /gm))],
  ]
}

async function bills(packed: readonly Packed[]): Promise<readonly Figure[]> {
  for (const each of packed) {
    const problem = await problemsOfBill(await readFile(billOf(each), 'utf8'))
    if (problem !== undefined) throw new Error(`${each.name}: ${problem}`)
  }
  return [['bills of materials (CycloneDX 1.6) that hold against the schema', String(packed.length)]]
}

function sizes(packed: readonly Packed[]): readonly Figure[] {
  const main = packed.at(-1)?.unpackedSize ?? 0
  const platforms = packed.slice(0, -1)
  return [
    ['main package, unpacked', kib(main)],
    ...platforms.map(({ name, unpackedSize }): Figure => [`with \`${name}\``, kib(main + unpackedSize)]),
  ]
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
