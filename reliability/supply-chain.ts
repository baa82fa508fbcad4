/** What a user installs, from where it comes, and what its checks say. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../lab/command.ts'
import { pack } from '../scripts/build/pack-all.ts'
import type { Packed } from '../scripts/build/packed.ts'
import { run as runProgram } from '../lab/run.ts'
import { TARGETS } from '../scripts/build/targets.ts'
import { billOf, problemsOfBill } from '../scripts/supply-chain/bill-of-materials.ts'
import { cratesIn, cratesNeeded, idOf } from '../scripts/supply-chain/crates.ts'
import { unsafeOfCrates } from '../scripts/supply-chain/unsafe.ts'
import type { Figure } from './record.ts'

export const usage = `
Packs what npm run build -- all and npm run build left, and tells what is in it. It needs cargo-deny on the PATH.`

export async function run(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-supply-chain-'))
  try {
    const packed = await pack(TARGETS, join(ROOT, 'artifacts'), folder)
    return [
      ...(await manifests(packed)),
      ...(await crates()),
      ...(await lockFiles()),
      ...(await bills(packed)),
      ...sizes(packed),
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
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
    { what: `dependencies at run time, of ${all.length} packages`, figure: String(sum(needed)) },
    { what: 'platforms, of which npm installs one', figure: String(count(all.at(-1)?.optionalDependencies)) },
    { what: 'install scripts', figure: String(sum(scripts)) },
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
    { what: 'crates of crates.io in the binaries', figure: String(new Set(foreign.map(idOf)).size) },
    { what: 'crates of this repository in them', figure: String(new Set(own.map(idOf)).size) },
    { what: 'crates that run in the compiler only', figure: String(needed.size) },
    {
      what: 'their licences',
      figure: [...new Set(linked.map(({ license }) => license))].toSorted().join('; '),
    },
    { what: '`cargo-deny check bans licenses sources`', figure: await cargoDeny() },
    {
      what: '`unsafe`, each with its reason',
      figure: `${found.length} in ${files.size} files ([list](binaries.md#every-unsafe))`,
    },
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
    {
      what: `packages of npm named by hash, to build and test, in ${files.length} lock files`,
      figure: String(sum(hashes.map((each) => each ?? 0))),
    },
    { what: 'crates named by hash', figure: String(locked ?? 0) },
  ]
}

async function bills(packed: readonly Packed[]): Promise<readonly Figure[]> {
  for (const each of packed) {
    const problem = await problemsOfBill(await readFile(billOf(each), 'utf8'))
    if (problem !== undefined) throw new Error(`${each.name}: ${problem}`)
  }
  return [
    {
      what: 'bills of materials (CycloneDX 1.6) that hold against the schema',
      figure: String(packed.length),
    },
  ]
}

function sizes(packed: readonly Packed[]): readonly Figure[] {
  const main = packed.at(-1)?.unpackedSize ?? 0
  const platforms = packed.slice(0, -1)
  return [
    { what: 'main package, unpacked', figure: kib(main) },
    ...platforms.map(({ name, unpackedSize }) => ({
      what: `with \`${name}\``,
      figure: kib(main + unpackedSize),
    })),
  ]
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
