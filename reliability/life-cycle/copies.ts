/** Two versions of the package in one thread. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { findings } from './program.ts'

/** @returns how many claims held, each proved with either copy as the first */
export async function copies(node: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-copy-'))
  try {
    const bindings = (await readdir(ROOT)).filter((file) => file.endsWith('.node'))
    for (const file of ['dist', 'index.js', ...bindings]) {
      await cp(join(ROOT, file), join(folder, file), { recursive: true })
    }
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, version: '99.0.0' }))
    const { claims } = await findings<{ claims: number }>(node, ['copies.cjs', folder])
    return claims
  } finally {
    await rm(folder, { recursive: true })
  }
}
