/** What a user installs, from where it comes, and what its checks say. */
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
Packs what npm run build -- all and npm run build left, and tells what is in it. It needs cargo-deny on the PATH.`

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

interface Manifest {
  readonly dependencies?: object
  readonly peerDependencies?: object
  readonly optionalDependencies?: object
  readonly scripts?: object
}

const count = (object: object | undefined): number => Object.keys(object ?? {}).length

async function manifests(packed: readonly Packed[]): Promise<readonly Figure[]> {
  const read = packed.map(async ({ tarball }) => {
    const text = await runProgram('tar', [
      '--extract',
      '--to-stdout',
      '--file',
      tarball,
      'package/package.json',
    ])
    return JSON.parse(text) as Manifest
  })
  const all = await Promise.all(read)
  const needed = all.map((each) => count(each.dependencies) + count(each.peerDependencies))
  const scripts = all.map((each) => count(each.scripts))
  return [
    [`dependencies at run time, of ${all.length} packages`, String(sum(needed))],
    ['platforms, of which npm installs one', String(count(all.at(-1)?.optionalDependencies))],
    ['install scripts', String(sum(scripts))],
  ]
}

async function crates(): Promise<readonly Figure[]> {
  const linked = (await Promise.all(TARGETS.map(cratesIn))).flat()
  const foreign = linked.filter(({ checksum }) => checksum !== undefined)
  const own = linked.filter(({ checksum }) => checksum === undefined)
  const needed = new Set((await cratesNeeded()).map(idOf))
  for (const crate of linked) needed.delete(idOf(crate))
  const found = await unsafeOfCrates()
  const files = new Set(found.map(({ file }) => file))
  return [
    ['crates of crates.io in the binaries', String(new Set(foreign.map(idOf)).size)],
    ['crates of this repository in them', String(new Set(own.map(idOf)).size)],
    ['crates that run in the compiler only', String(needed.size)],
    ['their licences', [...new Set(linked.map(({ license }) => license))].toSorted().join('; ')],
    ['`cargo-deny check bans licenses sources`', await cargoDeny()],
    [
      '`unsafe`, each with its reason',
      `${found.length} in ${files.size} files ([list](binaries.md#every-unsafe))`,
    ],
  ]
}

/** The line in which it sums up. */
async function cargoDeny(): Promise<string> {
  const check = ['--locked', 'check', 'bans', 'licenses', 'sources']
  return (await runProgram('cargo-deny', check, { cwd: ROOT })).trim()
}

async function lockFiles(): Promise<readonly Figure[]> {
  const listed = await runProgram('git', ['ls-files', '*package-lock.json'], { cwd: ROOT })
  const files = listed.split('\n').filter(Boolean)
  const hashes = await Promise.all(
    files.map(
      async (file) => (await readFile(join(ROOT, file), 'utf8')).match(/"integrity": "sha512-/g)?.length,
    ),
  )
  const locked = (await readFile(join(ROOT, 'Cargo.lock'), 'utf8')).match(/^checksum = /gm)?.length
  return [
    [
      `packages of npm named by hash, to build and test, in ${files.length} lock files`,
      String(sum(hashes.map((each) => each ?? 0))),
    ],
    ['crates named by hash', String(locked ?? 0)],
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
