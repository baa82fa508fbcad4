/**
 * `npm run check`, and the first part of `npm test`: checks format, lint and types, and that the generated files are up to date. It
 * installs what it needs. `npm run format` corrects the format.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readyCheckers } from './checkers.mjs'
import { readyDist, readyPackages, root } from './ready.mjs'
import { Suite } from './suite.mjs'

const FOLDERS = ['src', 'lab', 'reliability', 'scripts', 'bench', '__test__']

/** While clippy compiles crates/node, napi's macros write the types of its exports here. */
const NOTED = join(root, 'target/binding-types/tcp-keepalive-node')

export function check(suite) {
  readyPackages()
  readyDist()
  readyCheckers()
  console.log('\u2022 Checks')
  const tool = (title, name, ...words) =>
    suite.check(`${title} (${name})`, join(root, 'node_modules/.bin', name), words)
  tool('TypeScript is formatted', 'oxfmt', '--check')
  tool('TypeScript has no lint', 'oxlint', '--deny-warnings')
  const types = ['--project', '.', '--incremental', '--tsBuildInfoFile', 'target/types.tsbuildinfo']
  tool('types are correct', 'tsc', ...types)
  const imports = ['--config', '.dependency-cruiser.mjs', '--output-type', 'err-long']
  tool('imports are allowed', 'depcruise', ...imports, ...FOLDERS)
  tool('TOML is formatted', 'taplo', 'format', '--check')
  suite.check('Rust is formatted (cargo fmt)', 'cargo', ['fmt', '--all', '--check'])
  const clippy = ['clippy', '--quiet', '--locked', '--workspace', '--all-targets', '--', '--deny', 'warnings']
  suite.check('Rust has no lint (cargo clippy)', 'cargo', clippy, noteTypes())
  const generate = ['scripts/build/binding-types.mjs', NOTED]
  suite.check('index.d.ts has the types of the binding (npm run build)', process.execPath, generate)
  const links = ['--frail', '--quiet', '--no-stdout', '--ignore-pattern', 'target', '.']
  tool('no link within the documentation is broken', 'remark', ...links)
  const deny = ['--locked', 'check', 'bans', 'licenses', 'sources']
  suite.check('deny.toml allows the crates (cargo-deny)', 'cargo-deny', deny)
  suite.check('words are spelled right (typos)', 'typos', [])
  suite.check('workflows give nobody more than they need (zizmor)', 'zizmor', ['--offline', '.github'])
  const install = 'go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'
  suite.check(`workflows are correct (actionlint; ${install})`, 'actionlint', [])
}

/** The variables of `napi build`. If the second changes, cargo compiles the crate again, so that the macros run. */
function noteTypes() {
  mkdirSync(dirname(NOTED), { recursive: true })
  const again = existsSync(NOTED) ? {} : { NAPI_FORCE_BUILD_TCP_KEEPALIVE_NODE: String(Date.now()) }
  return { NAPI_TYPE_DEF_TMP_FOLDER: dirname(NOTED), ...again }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const suite = new Suite()
  check(suite)
  suite.close()
}
