/**
 * What each published package is made of, as a CycloneDX document beside its tarball. It says nothing of when or by
 * whom it was made, so that the same sources give the same document.
 */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { Enums, Models, Serialize, Spec, Validation } from '@cyclonedx/cyclonedx-library'
import type { Compilers, Packed } from '../build/packed.ts'
import type { Target } from '../build/targets.ts'
import { type Crate, cratesIn, idOf } from './crates.ts'

/** The edition that is Ecma's standard 424. */
const EDITION = Spec.Spec1dot6

/** Writes the document of a platform's package. */
export async function writePlatformBill(
  packed: Packed,
  target: Target,
  compilers: Compilers,
): Promise<string> {
  const crates = await cratesIn(target)
  const components = new Map(crates.map((crate) => [idOf(crate), componentOfCrate(crate)]))
  for (const crate of crates) {
    for (const used of crate.uses) components.get(idOf(crate))?.dependencies.add(refOf(components, used))
  }
  const linked = [standardLibrary(compilers.rust), ...(compilers.zig ? [zigRuntime(compilers.zig)] : [])]
  const subject = await componentOfPackage(packed)
  for (const each of [...[...components.values()].slice(0, 1), ...linked])
    subject.dependencies.add(each.bomRef)
  return write(packed, subject, [...components.values(), ...linked])
}

/** Writes the document of the main package, which has nothing but its own code and brings one of the platforms'. */
export async function writeMainBill(packed: Packed, platforms: readonly Packed[]): Promise<string> {
  const components = await Promise.all(platforms.map(componentOfPackage))
  const subject = await componentOfPackage(packed)
  for (const each of components) {
    each.scope = Enums.ComponentScope.Optional
    subject.dependencies.add(each.bomRef)
  }
  return write(packed, subject, components)
}

/** What is wrong with a document; nothing where it is what CycloneDX says. */
export async function problemsOfBill(text: string): Promise<string | undefined> {
  const problem = await new Validation.JsonStrictValidator(EDITION.version).validate(text)
  return problem === null ? undefined : JSON.stringify(problem)
}

/** Beside the tarball, and named after it. */
export function billOf({ tarball }: Packed): string {
  return tarball.replace(/\.tgz$/, '.cdx.json')
}

async function write(
  packed: Packed,
  subject: Models.Component,
  components: readonly Models.Component[],
): Promise<string> {
  const bill = new Models.Bom({
    metadata: new Models.Metadata({ component: subject }),
    components: new Models.ComponentRepository(components),
  })
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(EDITION))
  const text = `${serializer.serialize(bill, { sortLists: true, space: 1 })}\n`
  const problem = await problemsOfBill(text)
  if (problem !== undefined) throw new Error(`${billOf(packed)}: ${problem}`)
  await writeFile(billOf(packed), text)
  return billOf(packed)
}

async function componentOfPackage({ name, version, tarball }: Packed): Promise<Models.Component> {
  const [group, own = ''] = name.startsWith('@') ? name.split('/') : [undefined, name]
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  return new Models.Component(Enums.ComponentType.Library, own, {
    bomRef: purl,
    ...(group !== undefined && { group }),
    version,
    purl,
    licenses: license('MIT'),
    hashes: hash(Enums.HashAlgorithm['SHA-512'], await sha512(tarball)),
  })
}

/** What no registry has gets no address in one: another crate of the same name may be there. */
function componentOfCrate({ name, version, license: expression, checksum }: Crate): Models.Component {
  const purl = `pkg:cargo/${name}@${version}`
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: checksum === undefined ? `${name}@${version}` : purl,
    version,
    ...(checksum !== undefined && { purl, hashes: hash(Enums.HashAlgorithm['SHA-256'], checksum) }),
    licenses: license(expression),
  })
}

function standardLibrary(version: string): Models.Component {
  return new Models.Component(Enums.ComponentType.Library, 'std', {
    bomRef: `rust-std@${version}`,
    version,
    description: "Rust's standard library, with the crates that it is made of itself",
    cpe: `cpe:2.3:a:rust-lang:rust:${version}:*:*:*:*:*:*:*`,
    licenses: license('MIT OR Apache-2.0'),
  })
}

function zigRuntime(version: string): Models.Component {
  const purl = `pkg:pypi/ziglang@${version}`
  return new Models.Component(Enums.ComponentType.Library, 'ziglang', {
    bomRef: purl,
    version,
    purl,
    description: "The linker's own additions: LLVM's libunwind, start-up code of the C library",
    licenses: license('MIT'),
  })
}

function license(expression: string): Models.LicenseRepository {
  return new Models.LicenseRepository([new Models.LicenseExpression(expression)])
}

function hash(algorithm: Enums.HashAlgorithm, content: string): Models.HashDictionary {
  return new Models.HashDictionary([[algorithm, content]])
}

function refOf(components: ReadonlyMap<string, Models.Component>, id: string): Models.BomRef {
  const component = components.get(id)
  if (component === undefined) throw new Error(`cargo tree named ${id} without telling what it is`)
  return component.bomRef
}

/** In hexadecimal; npm tells the same in base64 as `dist.integrity`. */
async function sha512(file: string): Promise<string> {
  return createHash('sha512')
    .update(await readFile(file))
    .digest('hex')
}
