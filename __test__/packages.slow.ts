/** The packages as they would be published, from the output of `npm run build -- all`. */
import { readFileSync } from 'node:fs'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'ava'
import { ROOT } from '../lab/command.ts'
import { createNpmFolders } from '../scripts/build/create-npm-folders.ts'
import { check, pack } from '../scripts/build/pack-all.ts'
import type { Packed } from '../scripts/build/packed.ts'
import { run } from '../lab/run.ts'
import { binaryOf, TARGETS, type Target } from '../scripts/build/targets.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly main: string
  readonly license: string
  readonly engines: object
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly napi?: { readonly targets: readonly string[] }
}

/** The properties of each platform's package, by which npm installs the one binary that fits. */
const PLATFORMS: Readonly<Record<string, Pick<Manifest, 'os' | 'cpu' | 'libc'>>> = {
  'linux-x64-gnu': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
  'linux-arm64-gnu': { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] },
  'linux-arm-gnueabihf': { os: ['linux'], cpu: ['arm'], libc: ['glibc'] },
  'linux-x64-musl': { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
  'linux-arm64-musl': { os: ['linux'], cpu: ['arm64'], libc: ['musl'] },
  'darwin-x64': { os: ['darwin'], cpu: ['x64'] },
  'darwin-arm64': { os: ['darwin'], cpu: ['arm64'] },
  'win32-x64-msvc': { os: ['win32'], cpu: ['x64'] },
  'win32-arm64-msvc': { os: ['win32'], cpu: ['arm64'] },
  'freebsd-x64': { os: ['freebsd'], cpu: ['x64'] },
}

const MAIN_FILES = [
  'LICENSE',
  'README.md',
  'dist/bundled.mjs',
  'dist/cli.cjs',
  'dist/core.cjs',
  'dist/drill-inside.cjs',
  'dist/drill-session.cjs',
  'dist/drill.cjs',
  'dist/drill.d.cts',
  'dist/implementation.cjs',
  'dist/index.cjs',
  'dist/index.d.cts',
  'dist/index.d.mts',
  'dist/index.mjs',
  'dist/register.cjs',
  'dist/register.d.cts',
  'dist/settings.cjs',
  'dist/values.cjs',
  'index.d.ts',
  'index.js',
  'package.json',
]

const KIB = 1024

/** The main package and one platform's package together, unpacked. */
const LIMIT = 468 * KIB

const manifest = readManifest(ROOT)
const binaries = join(ROOT, 'artifacts')
let all: Promise<readonly Packed[]> | undefined
const folders: string[] = []

test.after.always(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

test('every target of package.json is in the table of the build, and no other', (t) => {
  const triples = TARGETS.map(({ triple }) => triple.replace('gnullvm', 'msvc'))
  t.deepEqual(triples.toSorted(), [...(manifest.napi?.targets ?? [])].toSorted())
  t.deepEqual(TARGETS.map(({ name }) => name).toSorted(), Object.keys(PLATFORMS).toSorted())
})

test('the committed platform packages equal the output of `npm run build -- folders`', async (t) => {
  const folder = await temporaryFolder()
  await copyFile(join(ROOT, 'package.json'), join(folder, 'package.json'))
  await createNpmFolders(folder)
  const differences = await run('diff', ['--recursive', join(folder, 'npm'), join(ROOT, 'npm')])
  t.is(differences, '')
})

for (const target of TARGETS) {
  test(`${target.name}: the package's properties name its platform`, (t) => {
    const { name, version, main, license, engines, os, cpu, libc, ...rest } = platformManifest(target)
    t.is(name, `@tcp-keepalive/binding-${target.name}`)
    t.deepEqual([version, license, engines], [manifest.version, manifest.license, manifest.engines])
    t.is(main, binaryOf(target))
    t.deepEqual({ os, cpu, ...(libc && { libc }) }, PLATFORMS[target.name])
    t.deepEqual(Object.keys(rest).toSorted(), ['description', 'files', 'keywords'])
  })

  test(`${target.name}: the package contains only the binary and its description, and is small together with the main one`, async (t) => {
    const platform = await packed(platformManifest(target).name)
    t.deepEqual(platform.files.toSorted(), ['LICENSE', 'README.md', 'package.json', binaryOf(target)])
    const size = platform.unpackedSize + (await packed(manifest.name)).unpackedSize
    t.true(size < LIMIT, `${size} bytes unpacked`)
  })
}

test('the main package contains only its code and its description', async (t) => {
  t.deepEqual((await packed(manifest.name)).files.toSorted(), MAIN_FILES.toSorted())
})

test('the main package names every platform at its own version, and has no other dependency', async (t) => {
  const { tarball } = await packed(manifest.name)
  const folder = dirname(tarball)
  await run('tar', ['--extract', '--file', tarball, '--directory', folder])
  const published = JSON.parse(await readFile(join(folder, 'package/package.json'), 'utf8')) as Manifest
  const wanted = TARGETS.map((target) => [platformManifest(target).name, manifest.version])
  t.deepEqual(published.optionalDependencies, Object.fromEntries(wanted))
  for (const key of ['scripts', 'dependencies', 'devDependencies', 'bundleDependencies'])
    t.false(key in published, key)
})

test('publint and are-the-types-wrong report nothing for the main package', async (t) => {
  t.timeout(1_200_000)
  const { tarball } = await packed(manifest.name)
  await t.notThrowsAsync(check(tarball))
})

/** The package with this name. All are packed when the first is requested. */
async function packed(name: string): Promise<Packed> {
  all ??= temporaryFolder().then((folder) => pack(TARGETS, binaries, folder))
  const found = (await all).find((each) => each.name === name)
  if (!found) throw new Error(`${name} was not packed`)
  return found
}

function platformManifest(target: Target): Manifest {
  return readManifest(join(ROOT, 'npm', target.name))
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-packages-'))
  folders.push(folder)
  return folder
}
