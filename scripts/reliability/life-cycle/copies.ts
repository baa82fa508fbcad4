/** Two versions of the package in one thread. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createRequire } from 'node:module'
import { ROOT } from '../../build/command.ts'
import { findings } from './program.ts'

/** @returns how many claims held, each proved with either copy as the first */
export async function copies(node: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-copy-'))
  try {
    for (const file of ['dist', 'index.js', basename(binding())]) {
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

/** The file that is loaded here. */
function binding(): string {
  const require = createRequire(import.meta.url)
  require('tcp-keepalive/native')
  const file = Object.keys(require.cache).find((path) => path.endsWith('.node'))
  if (file === undefined) throw new Error('The binding is not built: npm run build')
  return file
}
