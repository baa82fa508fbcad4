/** A program's folder with tcp-keepalive installed in it as npm would, and what smoke.cjs asks for beside it. */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { ROOT } from '../build/command.ts'
import { binaryOf, targetsNamed } from '../build/targets.ts'

const ARTIFACTS = join(ROOT, 'artifacts')
const MAIN = ['dist', 'index.js', 'index.d.ts', 'package.json']

export async function putApp(folder: string, targetName: string): Promise<void> {
  const [target] = targetsNamed([targetName])
  if (!target) throw new Error(`no target ${targetName}`)
  await rm(folder, { recursive: true, force: true })
  const modules = join(folder, 'node_modules')
  const platform = join(modules, '@tcp-keepalive', `binding-${targetName}`)
  for (const each of MAIN)
    await cp(join(ROOT, each), join(modules, 'tcp-keepalive', each), { recursive: true })
  await mkdir(platform, { recursive: true })
  await cp(join(ROOT, 'npm', targetName, 'package.json'), join(platform, 'package.json'))
  const binary = binaryOf(target)
  await cp(join(ARTIFACTS, binary), join(platform, binary))
  await cp(join(ARTIFACTS, 'panic-on-purpose', binary), join(folder, 'panics.node'))
  await cp(join(ROOT, '__test__/runtimes/smoke.cjs'), join(folder, 'smoke.cjs'))
  const certificate = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' })
  await writeFile(join(folder, 'key.pem'), certificate.private)
  await writeFile(join(folder, 'cert.pem'), certificate.cert)
}
