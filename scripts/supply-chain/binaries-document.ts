/** Makes docs/binaries.md from what cargo resolves, and from the sources. */
import { table, withSections } from '../../lab/markdown.ts'
import { TARGETS } from '../build/targets.ts'
import { type Crate, cratesIn, cratesNeeded, idOf } from './crates.ts'
import { type Unsafe, unsafeOfCrates } from './unsafe.ts'

/** The crates in each binary, by the name of its target. */
type Binaries = ReadonlyArray<readonly [target: string, crates: readonly Crate[]]>

/** @param page the page as it was */
export async function binariesDocument(page: string): Promise<string> {
  const binaries = await Promise.all(
    TARGETS.map(async (target) => [target.name, await cratesIn(target)] as const),
  )
  const linked = unique(binaries.flatMap(([, crates]) => crates))
  const ids = new Set(linked.map(idOf))
  const compiling = unique(await cratesNeeded()).filter((crate) => !ids.has(idOf(crate)))
  const ours = linked.filter(isOurs).length
  const rows = linked.map((crate) => [crate.name, crate.version, crate.license, placesOf(crate, binaries)])
  const count = `${linked.length} crates are compiled for them, ${ours} of this repository and ${linked.length - ours} from crates.io`
  const names = compiling.map((crate) => `${crate.name} ${crate.version}`)
  return withSections(page, 'written', {
    crates: `${count}:\n\n${table(['crate', 'version', 'licence', 'in the binary of'], rows)}`,
    compiling: `${names.join(', ')}.\n`,
    unsafe: unsafeTables(await unsafeOfCrates()),
  })
}

function isOurs(crate: Crate): boolean {
  return crate.checksum === undefined
}

const order = (crate: Crate): string => `${isOurs(crate) ? 0 : 1} ${idOf(crate)}`

/** Each crate once, by name; this repository's own first. */
function unique(crates: readonly Crate[]): readonly Crate[] {
  const byId = new Map(crates.map((crate) => [idOf(crate), crate]))
  return [...byId.values()].toSorted((one, other) => (order(one) < order(other) ? -1 : 1))
}

function placesOf(crate: Crate, binaries: Binaries): string {
  const having = binaries.filter(([, crates]) => crates.some((each) => idOf(each) === idOf(crate)))
  const names = having.map(([name]) => name).join(', ')
  const [windows, others] = [true, false].map((isWindows) =>
    TARGETS.filter(({ file }) => (file.format === 'PE') === isWindows).map(({ name }) => name),
  )
  if (having.length === TARGETS.length) return 'every platform'
  if (names === windows?.join(', ')) return 'Windows'
  return names === others?.join(', ') ? 'all but Windows' : names
}

function unsafeTables(all: readonly Unsafe[]): string {
  const files = [...new Set(all.map(({ file }) => file))]
  const intro = `${all.length} in ${files.length} files of this repository.\n`
  const tables = files.map((file) => {
    const rows = all
      .filter((each) => each.file === file)
      .map(({ within, operation, reason }) => [`\`${within}\``, code(operation), cell(reason)])
    return `### ${file}\n\n${table(['in', 'what', 'why it is sound'], rows)}`
  })
  return [intro, ...tables].join('\n')
}

function code(operation: string): string {
  return operation === 'fn' ? 'the function itself' : `\`${cell(operation)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
