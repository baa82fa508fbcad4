/**
 * Makes a clone ready to run: installs what package-lock.json names and builds what is missing or older than its
 * sources. It needs Node, Rust and git, and no package of ours, as there may be none yet.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** What the build of the TypeScript leaves. */
const DIST = [
  'cli.cjs',
  'core.cjs',
  'implementation.cjs',
  'index.cjs',
  'index.d.cts',
  'index.mjs',
  'register.cjs',
].map((name) => `dist/${name}`)

/** Installs and builds what is missing or stale; ends the process with a clear line where that fails. */
export function ready() {
  readyPackages()
  const rustSources = ['Cargo.toml', 'Cargo.lock', 'crates', 'package.json']
  const binaries = readdirSync(root).filter((name) => name.endsWith('.node'))
  if (newest(rustSources) > newest(binaries)) {
    step('Building the binding (Rust, about a minute the first time)', ...build('native'))
  }
  readyDist()
}

/** What package-lock.json names. */
export function readyPackages() {
  requireTool('cargo', 'Rust (https://rustup.rs)')
  if (newest(['package-lock.json']) <= newest(['node_modules/.package-lock.json'])) return
  const options = ['--no-audit', '--no-fund', '--prefer-offline']
  step('Installing what package-lock.json names (half a minute)', 'npm', ['ci', ...options])
}

/** What the types of the tests need, and takes no binding. */
export function readyDist() {
  if (newest(['src', 'tsdown.config.ts', 'index.d.ts']) <= oldest(DIST)) return
  step('Building the TypeScript', ...build('dist'))
}

const build = (part) => ['npm', ['run', '--silent', 'build', '--', part]]

/** Installs the client libraries, for what runs the examples. */
export function readyExamples() {
  if (newest(['examples/package-lock.json']) <= newest(['examples/node_modules/.package-lock.json'])) return
  const options = { cwd: join(root, 'examples') }
  step('Installing the client libraries of the examples', 'npm', ['ci', '--no-audit', '--no-fund'], options)
}

/** Runs a command with its output shown, and ends this process where it fails. */
export function step(title, command, args, options = {}) {
  console.error(`\u2022 ${title}`)
  // npm is a batch file on Windows, which only a shell starts; no argument here has a character that one would read.
  const shell = process.platform === 'win32'
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell,
    ...options,
  })
  if (status === 0) return
  console.error(`\nFailed: ${command} ${args.join(' ')}${error ? ` (${error.message})` : ''}`)
  process.exit(1)
}

function requireTool(command, what) {
  if (spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0) return
  console.error(`This needs ${what}: the command "${command}" was not found.`)
  process.exit(1)
}

/** The time of the oldest of these files; 0 where one is not there. */
function oldest(paths) {
  return Math.min(...paths.map((path) => newestOf(join(root, path))))
}

/** The time of the newest file among these files and folders; 0 where there is none. */
function newest(paths) {
  return Math.max(0, ...paths.map((path) => newestOf(join(root, path))))
}

function newestOf(path) {
  if (!existsSync(path)) return 0
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...readdirSync(path).map((name) => newestOf(join(path, name))))
}
