/**
 * Makes a clone ready to run: installs what package-lock.json names, and builds what is missing or older than its sources. It needs
 * Node, Rust and git. It imports no package, because none may be installed yet.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A file from each part of the build of the TypeScript. */
const DIST = ['core.cjs', 'index.cjs', 'index.d.cts', 'index.mjs', 'register.cjs'].map(
  (name) => `dist/${name}`,
)

/** Installs and builds what is missing or stale. Ends the process if that fails. */
export function ready() {
  readyPackages()
  const rustSources = ['Cargo.toml', 'Cargo.lock', 'crates', 'package.json']
  const binaries = readdirSync(root).filter((name) => name.endsWith('.node'))
  if (newest(rustSources) > newest(binaries)) {
    step('Building the binding (Rust, about a minute the first time)', ...build('native'))
  }
  readyDist()
}

/** Installs what package-lock.json names. */
export function readyPackages() {
  if (spawnSync('cargo', ['--version'], { stdio: 'ignore' }).status !== 0) {
    console.error('This needs Rust (https://rustup.rs): the command "cargo" was not found.')
    process.exit(1)
  }
  install('.', 'Installing what package-lock.json names (half a minute)', '--prefer-offline')
}

/** Installs the client libraries, for tests that run the examples. */
export function readyExamples() {
  install('examples', 'Installing the client libraries of the examples')
}

/** Builds the TypeScript, whose types the tests need. The binding is not needed for that. */
export function readyDist() {
  if (newest(['src', 'tsdown.config.ts', 'index.d.ts']) <= oldest(DIST)) return
  step('Building the TypeScript', ...build('dist'))
}

/** Builds the witness: the program with which the tests read a socket from another process. */
export function readyWitness(...which) {
  const witness = ['build', '--quiet', '--locked', '--release', '--package=readback', ...which]
  step('Building the witness that reads sockets from another process', 'cargo', witness)
}

const build = (part) => ['npm', ['run', '--silent', 'build', '--', part]]

function install(folder, title, ...options) {
  const [lock, installed] = ['package-lock.json', 'node_modules/.package-lock.json']
  if (newest([join(folder, lock)]) <= newest([join(folder, installed)])) return
  step(title, 'npm', ['ci', '--no-audit', '--no-fund', ...options], { cwd: join(root, folder) })
}

/** Runs a command and shows its output. Ends this process if it fails. */
export function step(title, command, args, options = {}) {
  console.error(`\u2022 ${title}`)
  // On Windows npm is a batch file, which only a shell can start. No argument here has a character that is special in a shell.
  const shell = process.platform === 'win32'
  const all = { cwd: root, stdio: ['ignore', 2, 2], shell, ...options }
  const { status, error } = spawnSync(command, args, all)
  if (status === 0) return
  console.error(`\nFailed: ${command} ${args.join(' ')}${error ? ` (${error.message})` : ''}`)
  process.exit(1)
}

/** The time of the oldest of these files; 0 if one is missing. */
function oldest(paths) {
  return Math.min(...paths.map((path) => newestOf(join(root, path))))
}

/** The time of the newest file among these files and folders; 0 if there is none. */
function newest(paths) {
  return Math.max(0, ...paths.map((path) => newestOf(join(root, path))))
}

function newestOf(path) {
  if (!existsSync(path)) return 0
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...readdirSync(path).map((name) => newestOf(join(path, name))))
}
