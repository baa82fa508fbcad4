/**
 * Format, lint, types, and that what is generated is what is committed: `npm run check`, and the first part of
 * `npm test`. It installs what it needs. `npm run format` mends what it can.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readyCheckers } from './checkers.mjs'
import { readyDist, readyPackages, root } from './ready.mjs'
import { Suite } from './suite.mjs'

const ROOMS = ['src', 'lab', 'reliability', 'scripts', 'bench', '__test__']

/** Where napi's macros note the types of what crates/node exports, while it is compiled for the lint. */
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
  tool(
    'types hold',
    'tsc',
    '--project',
    '.',
    '--incremental',
    '--tsBuildInfoFile',
    'target/types.tsbuildinfo',
  )
  const arrows = ['--config', '.dependency-cruiser.mjs', '--output-type', 'err-long']
  tool('imports go where they may', 'depcruise', ...arrows, ...ROOMS)
  tool('TOML is formatted', 'taplo', 'format', '--check')
  suite.check('Rust is formatted (cargo fmt)', 'cargo', ['fmt', '--all', '--check'])
  const clippy = ['clippy', '--quiet', '--locked', '--workspace', '--all-targets', '--', '--deny', 'warnings']
  suite.check('Rust has no lint (cargo clippy)', 'cargo', clippy, noteTypes())
  const generate = ['scripts/build/binding-types.mjs', NOTED]
  suite.check('index.d.ts has the types of the binding (npm run build)', process.execPath, generate)
  const links = ['--frail', '--quiet', '--no-stdout', '--ignore-pattern', 'target', '.']
  tool('no link within the documentation is broken', 'remark', ...links)
  const deny = ['--locked', 'check', 'bans', 'licenses', 'sources']
  suite.check('crates are what deny.toml allows (cargo-deny)', 'cargo-deny', deny)
  suite.check('words are spelled right (typos)', 'typos', [])
  suite.check('workflows give nobody more than they need (zizmor)', 'zizmor', ['--offline', '.github'])
  const actionlint =
    'workflows hold (actionlint; go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12)'
  suite.check(actionlint, 'actionlint', [])
}

/** As `napi build` does it: cargo compiles again what it has compiled already where these variables have changed. */
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
