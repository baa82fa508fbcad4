/** The checkers of spelling, crates and workflows, which are Python packages in the cache. `.ci/run` starts this too. */
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readyPython } from './python.mjs'

/** The same as in lab/cache.ts. That file is TypeScript, which a fresh clone cannot load yet. */
const cache =
  process.env.KEEPALIVE_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tcp-keepalive')

/** Installs the checkers if they are missing, and puts them on the PATH; returns false if they cannot be installed. */
export function readyCheckers() {
  const folder = join(cache, 'python')
  process.env.PATH = [join(folder, 'bin'), process.env.PATH, join(cache, 'go')].join(delimiter)
  return readyPython(folder, fileURLToPath(new URL('checkers.txt', import.meta.url)))
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !readyCheckers()) process.exitCode = 1
