/** What the measurements need: the packages to compare with, C compiled, Node in the versions of the table. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { ROOT } from '../lab/command.ts'
import { nodeOf } from '../lab/nodes.ts'
import { run } from '../lab/run.ts'

const HERE = import.meta.dirname

export interface Prepared {
  readonly node24: string
  readonly node26: string
  /** Which binary is measured, in words. */
  readonly binary: string
  readonly environment: NodeJS.ProcessEnv
  remove(): void
}

export async function prepare(): Promise<Prepared> {
  await installPeers()
  const [node24, node26] = [await nodeOf('24.21.0'), await nodeOf('26.10.0')]
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-bench-'))
  const remove = (): void => rmSync(folder, { recursive: true })
  const released = join(ROOT, 'artifacts', `tcp-keepalive.${process.platform}-${process.arch}-gnu.node`)
  const isReleased = existsSync(released)
  const built = join(ROOT, basename(released))
  try {
    return {
      node24,
      node26,
      binary: isReleased ? 'the binary as released (npm run build -- all)' : 'the binary of npm run build',
      environment: {
        ...process.env,
        BENCH_REFERENCE: await compileReference(node24, folder),
        BENCH_INSTALLATION: installPackage(folder, isReleased ? released : built),
        ...(isReleased ? { NAPI_RS_NATIVE_LIBRARY_PATH: released } : {}),
      },
      remove,
    }
  } catch (error) {
    remove()
    throw error
  }
}

async function installPeers(): Promise<void> {
  const lock = readFileSync(join(HERE, 'package-lock.json'), 'utf8')
  const stamp = join(HERE, 'node_modules', '.installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  console.log('• Installing what is compared with')
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

/** What users get differs from a clone: a small manifest, and no link to follow. */
function installPackage(folder: string, binary: string): string {
  const home = join(folder, 'node_modules', 'tcp-keepalive')
  mkdirSync(home, { recursive: true })
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, unknown>
  for (const only of ['scripts', 'devDependencies', 'overrides', 'ava', 'napi']) delete manifest[only]
  writeFileSync(join(home, 'package.json'), JSON.stringify({ ...manifest, type: 'commonjs' }, undefined, 2))
  for (const part of ['dist', 'index.js']) cpSync(join(ROOT, part), join(home, part), { recursive: true })
  installBinary(folder, binary)
  installNothing(folder, manifest)
  cpSync(join(HERE, 'fixtures'), folder, { recursive: true })
  writeFileSync(join(folder, 'empty.cjs'), '')
  return folder
}

function installBinary(folder: string, binary: string): void {
  const main = basename(binary)
  const home = join(folder, 'node_modules', '@tcp-keepalive', `binding-${main.split('.')[1]}`)
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), JSON.stringify({ main }))
  cpSync(binary, join(home, main))
}

/** A package that exports nothing: what Node takes to find and read any. */
function installNothing(folder: string, manifest: Record<string, unknown>): void {
  const home = join(folder, 'node_modules', 'nothing')
  mkdirSync(join(home, 'dist'), { recursive: true })
  writeFileSync(
    join(home, 'package.json'),
    JSON.stringify({ ...manifest, name: 'nothing', type: 'commonjs' }),
  )
  for (const door of ['index.cjs', 'index.mjs', 'register.cjs']) writeFileSync(join(home, 'dist', door), '')
}
