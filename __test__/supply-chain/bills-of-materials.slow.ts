/** The bill of materials of each package, checked against the schema and against the bytes of the binary itself. */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { ROOT } from '../../lab/command.ts'
import { pack } from '../../scripts/build/pack-all.ts'
import type { Packed } from '../../scripts/build/packed.ts'
import { binaryOf, NO_LOCATIONS, TARGETS, type Target } from '../../scripts/build/targets.ts'
import { billOf, problemsOfBill } from '../../scripts/supply-chain/bill-of-materials.ts'

interface Component {
  readonly name: string
  readonly version: string
  readonly 'bom-ref': string
  readonly hashes?: ReadonlyArray<{ readonly alg: string; readonly content: string }>
  readonly licenses: ReadonlyArray<{ readonly expression: string }>
}

interface Bill {
  readonly serialNumber?: string
  readonly metadata: { readonly component: Component; readonly timestamp?: string }
  readonly components: readonly Component[]
  readonly dependencies: ReadonlyArray<{ readonly ref: string; readonly dependsOn?: readonly string[] }>
}

/** But for macOS the places of panics are left out, and with them the names of crates, so that there is nothing to compare. */
function namesPlaces({ rustFlags }: Target): boolean {
  return !rustFlags.includes(NO_LOCATIONS)
}

/** The bill lists the standard library as one component. Its version determines its crates. */
const OF_STANDARD_LIBRARY = /^hashbrown-/

const binaries = join(ROOT, 'artifacts')
const folders: string[] = []
let packages: readonly Packed[]

test.before('pack', async (t) => {
  t.timeout(1_200_000)
  packages = await packAgain()
})
test.after.always(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

for (const [index, target] of TARGETS.entries()) {
  test(`${target.name}: the bill matches the schema, and lists each crate named in the binary`, async (t) => {
    const [packed, text] = await billText(index)
    t.is(await problemsOfBill(text), undefined)
    const bill = JSON.parse(text) as Bill
    await isOf(packed, bill)
    const named = new Set(bill.components.map(({ name, version }) => `${name}-${version}`))
    const inside = await cratesInBytes(target)
    t.is(
      [...inside].some((crate) => crate.startsWith('napi-')),
      namesPlaces(target),
      'napi panics in places, and so names itself, where places are named',
    )
    for (const crate of inside) t.true(named.has(crate) || OF_STANDARD_LIBRARY.test(crate), crate)
    t.true(bill.components.every(({ licenses }) => licenses.length === 1))
    const withoutHash = bill.components.filter(({ hashes }) => hashes === undefined).map(({ name }) => name)
    const linker = target.file.format === 'MachO' ? [] : ['ziglang']
    t.deepEqual(withoutHash.toSorted(), ['std', 'tcp-keepalive', 'tcp-keepalive-node', ...linker])
    t.deepEqual(unreached(bill), [])
  })
}

test("the main package's bill only has the platforms", async (t) => {
  const [packed, text] = await billText(-1)
  t.is(await problemsOfBill(text), undefined)
  const bill = JSON.parse(text) as Bill
  await isOf(packed, bill)
  const platforms = TARGETS.map(({ name }) => `binding-${name}`)
  t.deepEqual(
    bill.components.map(({ name }) => name),
    platforms.toSorted(),
  )
})

test('a bill that violates the schema is found', async (t) => {
  const [, text] = await billText(0)
  for (const broken of [
    text.replace('"bomFormat": "CycloneDX"', '"bomFormat": "other"'),
    text.replace('"type": "library"', '"type": "part"'),
    text.replace('"version": 1,', '"version": 1, "made": "today",'),
  ]) {
    t.not(broken, text)
    t.not(await problemsOfBill(broken), undefined)
  }
})

test('packing again gives the same bills: they contain no time and no random number', async (t) => {
  t.timeout(1_200_000)
  const again = await packAgain()
  for (const [index, packed] of packages.entries()) {
    const other = again[index]
    if (!other) throw new Error(`${packed.name} was not packed again`)
    t.is(await readFile(billOf(other), 'utf8'), await readFile(billOf(packed), 'utf8'))
  }
  const [, text] = await billText(0)
  const { serialNumber, metadata } = JSON.parse(text) as Bill
  t.deepEqual([serialNumber, metadata.timestamp], [undefined, undefined])
})

async function packAgain(): Promise<readonly Packed[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-bills-'))
  folders.push(folder)
  return pack(TARGETS, binaries, folder)
}

async function billText(index: number): Promise<readonly [Packed, string]> {
  const packed = packages.at(index)
  if (!packed) throw new Error(`there is no package ${index}`)
  return [packed, await readFile(billOf(packed), 'utf8')]
}

/** Throws if a bill belongs to another file than this tarball. */
async function isOf(packed: Packed, { metadata: { component } }: Bill): Promise<void> {
  const tarball = createHash('sha512').update(await readFile(packed.tarball))
  const said = [component['bom-ref'], component.hashes?.[0]?.content]
  const wanted = [`pkg:npm/${packed.name.replace('@', '%40')}@${packed.version}`, tarball.digest('hex')]
  if (String(said) !== String(wanted)) throw new Error(`${String(said)} is not ${String(wanted)}`)
}

/** A panic's message contains its source path. The build calls the folder of crates.io /cargo. */
async function cratesInBytes(target: Target): Promise<ReadonlySet<string>> {
  const text = await readFile(join(binaries, binaryOf(target)), 'latin1')
  const found = text.matchAll(/\/cargo[/\\]([\w-]+-\d+\.\d+\.\d+)[/\\]/g)
  return new Set([...found].map(([, crate = '']) => crate))
}

/** Components that are not reachable from the package. */
function unreached({ metadata, components, dependencies }: Bill): readonly string[] {
  const reached = new Set<string>()
  const visit = (ref: string): void => {
    if (reached.has(ref)) return
    reached.add(ref)
    for (const next of dependencies.find((each) => each.ref === ref)?.dependsOn ?? []) visit(next)
  }
  visit(metadata.component['bom-ref'])
  return components.map((component) => component['bom-ref']).filter((ref) => !reached.has(ref))
}
