/** Prepares the measurements: the packages to compare with, the compiled C code, and the versions of Node. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { named, ROOT } from '../lab/command.ts'
import { describeMachine } from '../lab/machine.ts'
import { nodeOf } from '../lab/nodes.ts'
import { run } from '../lab/run.ts'
import { binaryOf, type Target, TARGETS } from '../scripts/build/targets.ts'
import { putPackages } from '../scripts/runtimes/app.ts'

const HERE = import.meta.dirname

export interface Prepared {
  readonly node24: string
  readonly node26: string
  /** What the figures depend on: the machine, the versions of Node, and which binary is measured. */
  readonly machine: string
  readonly environment: NodeJS.ProcessEnv
}

export async function prepare(): Promise<Prepared> {
  await installPeers()
  const [node24, node26] = [await nodeOf('24.21.0'), await nodeOf('26.10.0')]
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  const target = named('target', TARGETS, `${process.platform}-${process.arch}-gnu`)
  const released = join(ROOT, 'artifacts', binaryOf(target))
  const isReleased = existsSync(released)
  const binary = isReleased ? 'as released (npm run build -- all)' : 'of npm run build'
  const nodes = `Node ${await versionOf(node24)} and ${await versionOf(node26)}`
  return {
    node24,
    node26,
    machine: [describeMachine(), nodes, `the binary ${binary}`].join(', '),
    environment: {
      ...process.env,
      BENCH_REFERENCE: await compileReference(node24, folder),
      BENCH_INSTALLATION: await installPackages(folder, target, isReleased ? dirname(released) : ROOT),
      ...(isReleased ? { NAPI_RS_NATIVE_LIBRARY_PATH: released } : {}),
    },
  }
}

export async function versionOf(node: string): Promise<string> {
  return (await run(node, ['-p', 'process.versions.node'])).trim()
}

async function installPeers(): Promise<void> {
  const lock = readFileSync(join(HERE, 'package-lock.json'), 'utf8')
  const stamp = join(HERE, 'node_modules', '.installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  console.log('• Installing the packages to compare with')
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: HERE })
  writeFileSync(stamp, lock)
}

async function compileReference(node: string, folder: string): Promise<string> {
  const library = join(folder, 'reference.node')
  const headers = join(dirname(dirname(node)), 'include', 'node')
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', `-I${headers}`]
  await run('gcc', [...flags, '-o', library, join(HERE, 'reference.c')])
  return library
}

/** The packages as users get them, which differ from a clone, and the files that are loaded to measure them. */
async function installPackages(folder: string, target: Target, binaries: string): Promise<string> {
  await putPackages(folder, target, binaries)
  installNothing(folder)
  cpSync(join(HERE, 'fixtures'), folder, { recursive: true })
  writeFileSync(join(folder, 'empty.cjs'), '')
  for (const [name, [module, called]] of Object.entries(LOADED)) {
    const call = called === undefined ? '' : `\n${called}({ detectWithin: 30_000 })\n`
    const mjs = module && `import ${called ? `{ ${called} } from ` : ''}'${module}'\n`
    const cjs = module && `${called ? `const { ${called} } = ` : ''}require('${module}')\n`
    writeFileSync(join(folder, `${name}.mjs`), `import 'node:net'\n${mjs ?? ''}${call}`)
    writeFileSync(join(folder, `${name}.cjs`), `require('node:net')\n${cjs ?? ''}${call}`)
  }
  return folder
}

/** Files that load node:net, and then this module, and call this function. */
const LOADED: Readonly<Record<string, readonly [module?: string, called?: string]>> = {
  'node-net': [],
  nothing: ['nothing'],
  package: ['tcp-keepalive'],
  'first-call': ['tcp-keepalive', 'planKeepAlive'],
  'first-install': ['tcp-keepalive', 'installKeepAlive'],
}

/** A package that exports nothing: it shows how long Node takes to find and read any package. */
function installNothing(folder: string): void {
  const home = join(folder, 'node_modules', 'nothing')
  const published = readFileSync(join(folder, 'node_modules/tcp-keepalive/package.json'), 'utf8')
  const manifest = JSON.parse(published) as object
  mkdirSync(join(home, 'dist'), { recursive: true })
  writeFileSync(join(home, 'package.json'), JSON.stringify({ ...manifest, name: 'nothing' }))
  for (const file of ['index.cjs', 'index.mjs', 'register.cjs']) writeFileSync(join(home, 'dist', file), '')
}
