/** `npm run release:dry`: the whole release against a registry on this machine, and an installation from it. */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Options, ROOT, runCommand } from '../../lab/command.ts'
import { check, pack, readPacked } from './pack-all.ts'
import { publish } from './publish.ts'
import { startRegistry } from './registry.ts'
import { run } from '../../lab/run.ts'
import { inTemporaryFolder } from '../../lab/temporary.ts'
import { TARGETS } from './targets.ts'

const HELP = `npm run release:dry -- [options]

Packs and checks every package (npm run build -- all and npm run build come first), publishes all to a registry that
lives on loopback until the end of this command, publishes them again, which must do nothing, and installs the main
package from there into an empty folder.

  --binaries DIR  where the binaries are, instead of artifacts/`

const OPTIONS = { binaries: { type: 'string', default: join(ROOT, 'artifacts') } } satisfies Options

await runCommand(HELP, OPTIONS, async ({ binaries }) =>
  inTemporaryFolder('release', (folder) => release(binaries, folder)),
)

async function release(binaries: string, folder: string): Promise<void> {
  const registry = await startRegistry()
  try {
    await pack(TARGETS, binaries, join(folder, 'packages'))
    const packages = await readPacked(join(folder, 'packages'))
    const main = packages.at(-1)
    if (!main) throw new Error('nothing was packed')
    await check(main.tarball)
    const parameters = [`--userconfig=${registry.npmrc}`]
    const published = await publish(packages, { registry: registry.url, parameters })
    expect(published.length === packages.length, `${published.length} of ${packages.length} were published`)
    const again = await publish(packages, { registry: registry.url, parameters })
    expect(again.length === 0, `${again.length} were published twice`)
    await installFrom(registry.npmrc, folder, main.name)
  } finally {
    await registry.stop()
  }
}

/** Installs the package as a user would, and asks it for the system's defaults. */
async function installFrom(npmrc: string, folder: string, name: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  const environment = {
    ...process.env,
    npm_config_userconfig: npmrc,
    npm_config_cache: join(folder, 'cache'),
  }
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', name], {
    cwd: folder,
    environment,
  })
  const platforms = await readdir(join(folder, 'node_modules/@tcp-keepalive'))
  expect(platforms.length === 1, `these were installed: ${platforms.join(', ')}`)
  const program = `console.log(JSON.stringify(require('${name}').systemKeepAlive()))`
  const defaults = await run(process.execPath, ['--eval', program], { cwd: folder })
  console.log(`installed ${name} with ${platforms.join()}; this system's defaults: ${defaults.trim()}`)
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}
