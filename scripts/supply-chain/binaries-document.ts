/** docs/binaries.md, from what cargo resolves and what the sources say. */
import { TARGETS } from '../build/targets.ts'
import { type Crate, cratesIn, cratesNeeded, idOf } from './crates.ts'
import { type Unsafe, unsafeOfCrates } from './unsafe.ts'

export async function binariesDocument(): Promise<string> {
  const binaries = await Promise.all(
    TARGETS.map(async (target) => [target.name, await cratesIn(target)] as const),
  )
  const linked = unique(binaries.flatMap(([, crates]) => crates))
  const ids = new Set(linked.map(idOf))
  const compiling = unique(await cratesNeeded()).filter((crate) => !ids.has(idOf(crate)))
  return `# What is in the binaries

\`npm run docs -- binaries --write\` writes this page from what cargo resolves for each platform, and from the sources. A test
checks that it is up to date.

## Crates

${linked.length} crates are compiled for them, ${linked.filter(isOurs).length} of this repository and ${linked.filter(isForeign).length} from crates.io, each pinned by its hash in
\`Cargo.lock\`. The linker leaves out most code that is never called.

| crate | version | licence | in the binary of |
|---|---|---|---|
${linked.map((crate) => row(crate, binaries)).join('\n')}

The binaries also contain Rust's standard library, and what the linker adds to catch panics and to start the library. On Linux and
Windows these are zig's copies of LLVM's libunwind and start-up code; elsewhere the system has both. The [bill of
materials](../SECURITY.md#where-it-comes-from) of each package lists the versions.

These run only in the compiler, as build scripts or procedural macros: ${compiling.map((crate) => `${crate.name} ${crate.version}`).join(', ')}.

## Every \`unsafe\`

${unsafeTables(await unsafeOfCrates())}
`
}

function isOurs(crate: Crate): boolean {
  return crate.checksum === undefined
}

function isForeign(crate: Crate): boolean {
  return !isOurs(crate)
}

/** By name; this repository's own first. */
function unique(crates: readonly Crate[]): readonly Crate[] {
  const byId = new Map(crates.map((crate) => [idOf(crate), crate]))
  return [...byId.values()].toSorted(
    (one, other) => Number(isForeign(one)) - Number(isForeign(other)) || (idOf(one) < idOf(other) ? -1 : 1),
  )
}

function row(
  crate: Crate,
  binaries: ReadonlyArray<readonly [name: string, crates: readonly Crate[]]>,
): string {
  const having = binaries.filter(([, crates]) => crates.some((each) => idOf(each) === idOf(crate)))
  return `| ${crate.name} | ${crate.version} | ${crate.license} | ${systems(having.map(([name]) => name))} |`
}

function systems(names: readonly string[]): string {
  const windows = names.filter((name) => name.startsWith('win32'))
  if (names.length === TARGETS.length) return 'every platform'
  if (windows.length === names.length) return 'Windows'
  if (windows.length === 0 && names.length === TARGETS.filter(({ file }) => file.format !== 'PE').length) {
    return 'all but Windows'
  }
  return names.join(', ')
}

function unsafeTables(all: readonly Unsafe[]): string {
  const files = [...new Set(all.map(({ file }) => file))]
  const intro = `${all.length} in ${files.length} files of this repository, each with the reason that stands above it in the source. The crates
from crates.io are not listed.`
  const tables = files.map((file) => {
    const rows = all
      .filter((each) => each.file === file)
      .map(({ within, operation, reason }) => `| \`${within}\` | ${code(operation)} | ${cell(reason)} |`)
    return `### ${file}\n\n| in | what | why it is sound |\n|---|---|---|\n${rows.join('\n')}`
  })
  return [intro, ...tables].join('\n\n')
}

function code(operation: string): string {
  return operation === 'fn' ? 'the function itself' : `\`${cell(operation)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
