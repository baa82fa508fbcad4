/**
 * The bill of materials of each published package, a CycloneDX document next to its tarball. It does not say when or by whom it was
 * made, so the same sources give the same document.
 */
import { hash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { Enums, Models, Serialize, Spec, Validation } from '@cyclonedx/cyclonedx-library'
import type { Compilers } from '../build/compilers.ts'
import type { Packed } from '../build/packed.ts'
import type { Target } from '../build/targets.ts'
import { type Crate, cratesIn, idOf } from './crates.ts'

/** The edition that is Ecma's standard 424. */
const EDITION = Spec.Spec1dot6

/** Writes the document of a platform's package. */
export async function writePlatformBill(packed: Packed, target: Target, compilers: Compilers): Promise<void> {
  const crates = await cratesIn(target)
  const components = new Map(crates.map((crate) => [idOf(crate), componentOfCrate(crate)]))
  for (const crate of crates) {
    for (const id of crate.uses) {
      const used = components.get(id)
      if (used === undefined) throw new Error(`cargo tree names ${id} but does not describe it`)
      components.get(idOf(crate))?.dependencies.add(used.bomRef)
    }
  }
  const linked = linkedIn(compilers)
  const [binding] = components.values()
  const direct = [...(binding ? [binding] : []), ...linked]
  await write(packed, direct, [...components.values(), ...linked])
}

/** Writes the document of the main package: only its own code, and the platforms' packages, of which npm installs one. */
export async function writeMainBill(packed: Packed, platforms: readonly Packed[]): Promise<void> {
  const components = await Promise.all(platforms.map(componentOfPackage))
  for (const each of components) each.scope = Enums.ComponentScope.Optional
  await write(packed, components, components)
}

/** Returns where the document differs from CycloneDX's schema, or `undefined` if it does not. */
export async function problemsOfBill(text: string): Promise<string | undefined> {
  const problem = await new Validation.JsonStrictValidator(EDITION.version).validate(text)
  return problem === null ? undefined : JSON.stringify(problem)
}

/** The path of a package's document: next to the tarball, with the same name. */
export function billOf({ tarball }: Packed): string {
  return tarball.replace(/\.tgz$/, '.cdx.json')
}

/** @param direct the components on which the package itself depends */
async function write(
  packed: Packed,
  direct: readonly Models.Component[],
  components: readonly Models.Component[],
): Promise<void> {
  const component = await componentOfPackage(packed)
  for (const each of direct) component.dependencies.add(each.bomRef)
  const bill = new Models.Bom({
    metadata: new Models.Metadata({ component }),
    components: new Models.ComponentRepository(components),
  })
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(EDITION))
  const text = `${serializer.serialize(bill, { sortLists: true, space: 1 })}\n`
  const problem = await problemsOfBill(text)
  if (problem !== undefined) throw new Error(`${billOf(packed)}: ${problem}`)
  await writeFile(billOf(packed), text)
}

async function componentOfPackage({ name, version, tarball }: Packed): Promise<Models.Component> {
  const [group, own = ''] = name.startsWith('@') ? name.split('/') : [undefined, name]
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  // npm's `dist.integrity` is the same hash in base64.
  const sum = hash('sha512', await readFile(tarball))
  const hashes = new Models.HashDictionary([[Enums.HashAlgorithm['SHA-512'], sum]])
  return library(own, version, 'MIT', { bomRef: purl, purl, hashes, ...(group !== undefined && { group }) })
}

/** Our own crates are in no registry, so they get no address there: another crate may have the name. */
function componentOfCrate({ name, version, license, checksum }: Crate): Models.Component {
  if (checksum === undefined) return library(name, version, license, { bomRef: `${name}@${version}` })
  const purl = `pkg:cargo/${name}@${version}`
  const hashes = new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], checksum]])
  return library(name, version, license, { bomRef: purl, purl, hashes })
}

/** What the compilers add to a binary. */
function linkedIn({ rust, zig }: Compilers): readonly Models.Component[] {
  const standardLibrary = library('std', rust, 'MIT OR Apache-2.0', {
    bomRef: `rust-std@${rust}`,
    description: "Rust's standard library, with the crates that it is made of itself",
    cpe: `cpe:2.3:a:rust-lang:rust:${rust}:*:*:*:*:*:*:*`,
  })
  if (zig === undefined) return [standardLibrary]
  const purl = `pkg:pypi/ziglang@${zig}`
  const description = "The linker's own additions: LLVM's libunwind, start-up code of the C library"
  return [standardLibrary, library('ziglang', zig, 'MIT', { bomRef: purl, purl, description })]
}

/** @param license an SPDX expression */
function library(
  name: string,
  version: string,
  license: string,
  more: Models.OptionalComponentProperties,
): Models.Component {
  const licenses = new Models.LicenseRepository([new Models.LicenseExpression(license)])
  return new Models.Component(Enums.ComponentType.Library, name, { version, licenses, ...more })
}
