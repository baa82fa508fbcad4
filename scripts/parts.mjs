/**
 * The parts of `npm test`, `npm run build` and `npm run docs`. The word after `--` chooses one, so package.json needs few scripts:
 * `npm run docs -- captures --draw` runs lab/captures/main.ts with `--draw`.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { root } from './ready.mjs'

const NAPI =
  'napi build --platform --release --no-js --manifest-path crates/node/Cargo.toml --output-dir . -- --locked'

/** By script and word: a description, and a file, or a tool of a devDependency with its arguments. */
export const PARTS = {
  test: {
    here: ['all that this system allows; with --write into docs/platforms.json', 'scripts/test-here.mjs'],
    slow: ['the long tests: every platform, the release, the reliability runs', 'scripts/slow.mjs'],
    busy: ['the tests that measure time, on a busy processor', 'scripts/busy.mjs'],
    runtimes: [
      'the packages on every runtime that this machine can get',
      'scripts/runtimes/test-runtimes.ts',
    ],
  },
  build: {
    native: ['the binding for this machine, and index.d.ts', NAPI.split(' ')],
    dist: ['dist/, from src/', ['tsdown']],
    all: ['artifacts/: the binding for every platform, audited', 'scripts/build/build-all.ts'],
    reproducible: ['whether a second build gives the same bytes', 'scripts/build/build-reproducible.ts'],
    folders: ['npm/: the manifest of each platform', 'scripts/build/create-npm-folders.ts'],
    pack: ['packages/: every package as a tarball', 'scripts/build/pack-all.ts'],
  },
  docs: {
    api: ['docs/api/', ['typedoc']],
    binaries: ['docs/binaries.md', 'scripts/supply-chain/main.ts'],
    captures: ['docs/captures/ and docs/how-keepalive-works.md', 'lab/captures/main.ts'],
    'death-clock': ['docs/death-clock.md and its chart', 'lab/death-clock/main.ts'],
    platforms: ['docs/platforms.md, with --write', 'scripts/runtimes/test-runtimes.ts'],
  },
}

/** Runs the part that the first word names, with the other words as its arguments. Returns false if there is no such part. */
export async function runPart(script, [word = '', ...rest]) {
  if (!Object.hasOwn(PARTS[script], word)) return false
  const [, part] = PARTS[script][word]
  if (Array.isArray(part)) {
    const [tool, ...words] = part
    const options = { cwd: root, stdio: 'inherit' }
    const { status, error } = spawnSync(join(root, 'node_modules/.bin', tool), [...words, ...rest], options)
    if (error) throw error
    process.exitCode ||= status ?? 1
  } else {
    process.argv = [process.argv[0], join(root, part), ...rest]
    if (part.endsWith('.ts')) await import('ts-blank-space/register')
    await import(pathToFileURL(process.argv[1]))
  }
  return true
}

export function printParts(script) {
  const npm = script === 'test' ? 'npm test' : `npm run ${script}`
  console.log(`${npm} -- PART [OPTIONS]; most parts have --help\n`)
  for (const [word, [what]] of Object.entries(PARTS[script])) console.log(`  ${word.padEnd(14)}${what}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [script, ...words] = process.argv.slice(2)
  if (script === 'build' && words.length === 0) {
    await runPart('build', ['native'])
    if (!process.exitCode) await runPart('build', ['dist'])
  } else if (!(await runPart(script, words))) {
    printParts(script)
    if (words[0] !== '--help') process.exitCode = 2
  }
}
