/** The checkers that are Python packages, in the cache: of spelling, of crates, and of workflows. `.ci/run` starts this too. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** As in lab/cache.ts, which takes a loader that a fresh clone does not have yet. */
const cache =
  process.env.KEEPALIVE_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tcp-keepalive')
const folder = join(cache, 'python')
const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url))
const installed = join(folder, 'checkers.txt')

/** Installs what requirements.txt names, where it is not there, and puts the cache's programs on the PATH; false if it could not. */
export function readyCheckers() {
  process.env.PATH = [join(folder, 'bin'), process.env.PATH, join(cache, 'go')].join(delimiter)
  const wanted = readFileSync(requirements, 'utf8')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return true
  console.error('\u2022 Installing the checkers of spelling, crates and workflows')
  const pip = ['--quiet', '--disable-pip-version-check', 'install', '--requirement', requirements]
  const isReady =
    quietly('python3', ['-m', 'venv', folder]) && quietly(join(folder, 'bin/python'), ['-m', 'pip', ...pip])
  if (isReady) writeFileSync(installed, wanted)
  else console.error('  They take Python 3 with venv (Debian package python3-venv).')
  return isReady
}

function quietly(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) console.error(`${stdout ?? ''}${stderr ?? `${command} was not found`}`)
  return status === 0
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !readyCheckers()) process.exitCode = 1
