/**
 * Other versions of Node, from npm's own packages of them, in the cache folder: for the driver matrix in
 * `npm run test:slow`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from './cache.ts'

const NEWEST = ['20.20.2', '22.23.3', '24.21.0', '26.10.0']

/** The newest of each line that this package runs on. */
export const everyLine: readonly string[] = ['18.20.8', ...NEWEST]

/** The newest of each line that the clients run on, but for the one that runs this. */
export const versions: readonly string[] = NEWEST.filter(
  (version) => version !== process.versions.node, // which `npm test` uses
)

/** The program of a version, which is fetched where it is missing. */
export function nodeOf(version: string): string {
  const folder = join(CACHE, 'nodes', version)
  const name = `node-${process.platform}-${process.arch}`
  const program = join(folder, 'node_modules', name, 'bin', 'node')
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  const words = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-package-lock']
  const { status, stderr } = spawnSync('npm', [...words, `${name}@${version}`], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0 || !existsSync(program)) throw new Error(`Node ${version} could not be fetched: ${stderr}`)
  return program
}
