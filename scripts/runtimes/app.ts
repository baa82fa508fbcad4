/** An application's folder with the published packages as npm installs them, and the other files that smoke.cjs needs. */
import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { named, ROOT } from '../../lab/command.ts'
import { certificate } from '../../lab/servers/certificate.ts'
import { stage } from '../build/stage.ts'
import { binaryOf, type Target, TARGETS } from '../build/targets.ts'

const ARTIFACTS = join(ROOT, 'artifacts')

/** Puts the packages of a target into `node_modules`. @param binaries the folder with the target's binary */
export async function putPackages(folder: string, target: Target, binaries: string): Promise<void> {
  const staged = join(folder, 'staged')
  for (const [name, from] of await stage([target], binaries, staged)) {
    await cp(from, join(folder, 'node_modules', name), { recursive: true })
  }
  await rm(staged, { recursive: true })
}

/**
 * @param binaries the folder with the target's binary
 * @param panics the target's binary with a function that panics
 */
export async function putApp(
  folder: string,
  targetName: string,
  binaries: string = ARTIFACTS,
  panics?: string,
): Promise<void> {
  const target = named('target', TARGETS, targetName)
  await rm(folder, { recursive: true, force: true })
  await putPackages(folder, target, binaries)
  await cp(panics ?? join(ARTIFACTS, 'misbehaving', binaryOf(target)), join(folder, 'panics.node'))
  await cp(join(ROOT, 'lab/platforms/smoke.cjs'), join(folder, 'smoke.cjs'))
  await writeFile(join(folder, 'key.pem'), certificate.key)
  await writeFile(join(folder, 'cert.pem'), certificate.cert)
}
