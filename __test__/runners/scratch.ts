/** Folders with other packages and the built package in them, as npm installs it. */
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'

/** vitest 5 needs Node 22; 4 is the newest that runs on Node 20. */
export const VITEST = 'vitest@4.1.12'
export const JEST = 'jest@30.5.2'

export interface Scratch {
  /** A new folder with these files, which can import all packages. */
  project(files: Readonly<Record<string, string>>): Promise<string>
  /** Runs a file of an installed package, such as `jest/bin/jest.js`, or of the project. Resolves with its output. */
  node(cwd: string, ...parameters: readonly string[]): Promise<string>
  /** The path of a file of an installed package. */
  installed(path: string): string
  close(): Promise<void>
}

/** @param packages the packages to install besides this one, such as `pg@8.23.1` */
export async function openScratch(...packages: readonly string[]): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-runners-'))
  const temporary = join(folder, 'tmp')
  const environment = {
    ...process.env,
    // jest keeps a cache there (/tmp/jest_0), which other runs and clones would share.
    TMPDIR: temporary,
    npm_config_fetch_retries: '5',
  }
  try {
    await mkdir(temporary)
    await writeFile(join(folder, 'package.json'), '{ "private": true }')
    const tarball = (
      await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT, environment })
    ).trim()
    // The registry does not have the package's binary yet, so it is put where the loader looks first.
    const options = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--no-package-lock']
    await run('npm', ['install', ...options, `./${tarball}`], { cwd: folder, environment })
    const whole = options.filter((each) => !each.startsWith('--omit'))
    await run('npm', ['install', ...whole, ...packages], { cwd: folder, environment })
    for (const name of (await readdir(ROOT)).filter((each) => each.endsWith('.node'))) {
      await copyFile(join(ROOT, name), join(folder, 'node_modules/tcp-keepalive', name))
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  let projects = 0
  return {
    async project(files) {
      projects += 1
      const cwd = join(folder, `project-${projects}`)
      await mkdir(cwd)
      for (const [name, text] of Object.entries({ 'package.json': '{ "private": true }', ...files })) {
        await writeFile(join(cwd, name), text)
      }
      return cwd
    },
    node: (cwd, ...parameters) => run(process.execPath, parameters, { cwd, environment }),
    installed: (path) => join(folder, 'node_modules', path),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}
