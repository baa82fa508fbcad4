/**
 * Other versions of Node, from npm's own packages of them, in the cache folder: for the driver matrix in
 * `npm test -- slow`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from './cache.ts'

const NEWEST = ['20.20.2', '22.23.3', '24.21.0', '26.10.0']

/** The newest of each line that this package runs on. */
export const everyLine: readonly string[] = ['18.20.8', ...NEWEST]

/** The newest of each line that the clients run on, but for the one that runs this. */
export const versions: readonly string[] = NEWEST.filter(
  (version) => version !== process.versions.node, // which `npm test` uses
)

/** The program of a version, which is fetched where it is missing. Several processes may fetch it at once. */
export function nodeOf(version: string): string {
  const nodes = join(CACHE, 'nodes')
  const name = `node-${process.platform}-${process.arch}`
  const program = join(version, 'node_modules', name, 'bin', 'node')
  if (!existsSync(join(nodes, program))) {
    mkdirSync(nodes, { recursive: true })
    // Elsewhere at first, so that nobody starts a program of which only a part is there.
    const unfinished = mkdtempSync(join(nodes, '.unfinished-'))
    try {
      fetchNode(`${name}@${version}`, join(unfinished, version))
      if (!existsSync(join(unfinished, program))) throw new Error(`${name}@${version} has no ${program}`)
      putInPlace(join(unfinished, version), join(nodes, version))
    } finally {
      rmSync(unfinished, { recursive: true })
    }
  }
  return join(nodes, program)
}

function fetchNode(specifier: string, folder: string): void {
  mkdirSync(folder)
  const words = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-package-lock']
  const { status, stderr } = spawnSync('npm', [...words, specifier], { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${specifier} could not be fetched: ${stderr}`)
}

function putInPlace(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    // Another process was quicker.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
  }
}
