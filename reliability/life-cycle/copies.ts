/** Two versions of the package in one thread. */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { inTemporaryFolder } from '../../lab/temporary.ts'
import { findings } from './program.ts'

/** @returns how many claims held, each proved with either copy as the first */
export async function copies(node: string): Promise<number> {
  return inTemporaryFolder('copy', async (folder) => {
    const bindings = (await readdir(ROOT)).filter((file) => file.endsWith('.node'))
    for (const file of ['dist', 'index.js', ...bindings]) {
      await cp(join(ROOT, file), join(folder, file), { recursive: true })
    }
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, version: '99.0.0' }))
    const { claims } = await findings<{ claims: number }>(node, ['copies.cjs', folder])
    return claims
  })
}
