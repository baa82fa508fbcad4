/** `npm run release:dry`: the whole release, to a registry on this machine, and an installation from it. */
import { equal } from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, runCommand } from '../../lab/command.ts'
import { check, pack, readPacked } from './pack-all.ts'
import { publish } from './publish.ts'
import { startRegistry } from './registry.ts'
import { run } from '../../lab/run.ts'
import { inTemporaryFolder } from '../../lab/temporary.ts'
import { TARGETS } from './targets.ts'

const HELP = `npm run release:dry

Packs and checks every package (after npm run build -- all and npm run build), publishes all to a registry that this command runs on
loopback, publishes them again, which must do nothing, and installs the main package from there into an empty folder.`

await runCommand(HELP, {}, () => inTemporaryFolder('release', release))

async function release(folder: string): Promise<void> {
  const registry = await startRegistry()
  try {
    await pack(TARGETS, join(ROOT, 'artifacts'), join(folder, 'packages'))
    const packages = await readPacked(join(folder, 'packages'))
    const main = packages.at(-1)
    if (!main) throw new Error('nothing was packed')
    await check(main.tarball)
    const published = await publish(packages, registry.parameters)
    equal(published.length, packages.length, 'not every package was published')
    const again = await publish(packages, registry.parameters)
    equal(again.length, 0, `${again.length} were published twice`)
    await installFrom(registry.parameters, folder, main.name)
  } finally {
    await registry.stop()
  }
}

/** Installs the package like a user, and prints the system's defaults with it. */
async function installFrom(registry: readonly string[], folder: string, name: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', `--cache=${join(folder, 'cache')}`]
  await run('npm', ['install', ...options, ...registry, name], { cwd: folder })
  const platforms = await readdir(join(folder, 'node_modules/@tcp-keepalive'))
  equal(platforms.length, 1, `these were installed: ${platforms.join(', ')}`)
  const program = `console.log(JSON.stringify(require('${name}').systemKeepAlive()))`
  const defaults = await run(process.execPath, ['--eval', program], { cwd: folder })
  console.log(`installed ${name} with ${platforms.join()}; this system's defaults: ${defaults.trim()}`)
}
