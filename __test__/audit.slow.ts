/** Audits the output of `npm run build -- all`, and shows that the audit can fail. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { problemsOf, readFacts } from '../scripts/build/audit.ts'
import { ROOT } from '../lab/command.ts'
import { binaryOf, TARGETS, targetsNamed, type Target } from '../scripts/build/targets.ts'

const ARTIFACTS = join(ROOT, 'artifacts')

let folder: string
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-audit-'))
})
test.after.always(() => rm(folder, { recursive: true }))

test('the output of `npm run build -- all` passes the audit', async (t) => {
  for (const target of TARGETS) t.deepEqual(await audited(target, await binary(target)), [], target.name)
})

test('a binary of another machine or system is detected', async (t) => {
  const arm = await binary(named('linux-arm64-gnu'))
  t.deepEqual(await audited(named('linux-x64-gnu'), arm), ['is for AARCH64, not X86_64'])
  const found = await audited(named('linux-x64-gnu'), await binary(named('win32-x64-msvc')))
  t.true(found.includes('is PE, not ELF'), String(found))
  const text = await audited(named('darwin-arm64'), Buffer.from('version https://git-lfs.github.com/spec/v1'))
  t.true(text.includes('is unknown, not MachO'), String(text))
})

test('glibc in a musl binary, and a too new version of glibc, are detected', async (t) => {
  const [first] = await audited(named('linux-x64-musl'), await binary(named('linux-x64-gnu')))
  t.is(first, 'needs libc.so.6')
  const { file, ...rest } = named('linux-x64-gnu')
  const older = { ...rest, file: { ...file, newestGlibc: '2.9' } }
  t.deepEqual(await audited(older, await binary(named('linux-x64-gnu'))), [
    'needs GLIBC_2.14',
    'needs GLIBC_2.17',
  ])
})

test('a library that is not stripped, has other exports, or contains the path of its source is detected', async (t) => {
  const source = join(folder, 'library.rs')
  const library = join(folder, 'library.so')
  await writeFile(source, '#[unsafe(no_mangle)] pub extern "C" fn other(x: &[u8], i: usize) -> u8 { x[i] }')
  execFileSync('rustc', [
    '--edition=2024',
    '--crate-type=cdylib',
    '-Adead_code',
    '-Awarnings',
    '-o',
    library,
    source,
  ])
  const found = await audited(named('linux-x64-gnu'), await readFile(library))
  for (const problem of ['is not stripped', 'exports other', 'needs libgcc_s.so.1']) {
    t.true(found.includes(problem), `${problem}: ${found.join('; ')}`)
  }
})

test("a builder's path and a test build are detected", async (t) => {
  const target = named('win32-x64-msvc')
  const withPath = Buffer.concat([await binary(target), Buffer.from(`\0${ROOT}/crates\0`)])
  t.true((await audited(target, withPath)).includes(`has the builder's path ${ROOT} inside`))
  const withHome = Buffer.concat([await binary(target), Buffer.from(`\0${homedir()}/x\0`)])
  t.true((await audited(target, withHome)).includes(`has the builder's path ${homedir()} inside`))
  for (const name of ['panicOnPurpose', 'overflowOnPurpose', 'leakOnPurpose']) {
    const withFeature = Buffer.concat([await binary(target), Buffer.from(`\0${name}\0`)])
    t.deepEqual(await audited(target, withFeature), ['is a test build'], name)
  }
})

test('a signature that does not match the bytes, and a too new version of macOS, are detected', async (t) => {
  const target = named('darwin-arm64')
  const changed = Buffer.from(await binary(target))
  const place = changed.length >> 1
  changed.writeUInt8(changed.readUInt8(place) ^ 1, place)
  t.deepEqual(await audited(target, changed), ['has a signature that is broken'])
  const older = { ...target, file: { ...target.file, minimumSystem: '10.13' } }
  t.deepEqual(await audited(older, await binary(target)), ['needs macOS 11.0, not 10.13'])
})

test('a binary that has grown too large is detected', async (t) => {
  const target = named('freebsd-x64')
  const found = await audited(target, Buffer.concat([await binary(target), Buffer.alloc(100_000)]))
  t.regex(String(found), new RegExp(`^is \\d+ bytes, more than ${target.file.limit}$`))
})

function named(name: string): Target {
  const [target] = targetsNamed([name])
  if (!target) throw new Error(name)
  return target
}

function binary(target: Target): Promise<Buffer> {
  return readFile(join(ARTIFACTS, binaryOf(target)))
}

/** The audit's complaints about these bytes as a binary of this target. */
async function audited(target: Target, bytes: Buffer): Promise<readonly string[]> {
  const path = join(await mkdtemp(join(folder, 'case-')), 'binary.node')
  await writeFile(path, bytes)
  const { [path]: facts } = readFacts([path])
  return problemsOf(target, facts ?? { format: 'unread' }, bytes)
}
