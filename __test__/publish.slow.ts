/** Publishing, to a registry on loopback. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { publish } from '../scripts/build/publish.ts'
import { startRegistry } from '../scripts/build/registry.ts'
import { run } from '../lab/run.ts'

const NAME = '@tcp-keepalive/published'

test('whoever names no version gets the newest release, and no release candidate', async (t) => {
  const registry = await startRegistry()
  t.teardown(() => registry.stop())
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-publish-'))
  t.teardown(() => rm(folder, { recursive: true }))
  for (const version of ['1.0.0', '1.1.0-rc.1']) {
    const tarball = join(folder, version)
    await mkdir(tarball)
    await writeFile(join(tarball, 'package.json'), JSON.stringify({ name: NAME, version }))
    const packed = { name: NAME, version, tarball, unpackedSize: 0, files: [] }
    const published = await publish([packed], registry.parameters)
    t.is(published.length, 1)
  }
  const tags = await run('npm', [
    'view',
    NAME,
    'dist-tags',
    '--json',
    '--prefer-online',
    ...registry.parameters,
  ])
  t.deepEqual(JSON.parse(tags), { latest: '1.0.0', next: '1.1.0-rc.1' })
})
