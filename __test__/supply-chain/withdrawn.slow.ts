/** What can be known about bad crates without a database of advisories: whether their authors have yanked them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { run } from '../../lab/run.ts'
import { cratesNeeded } from '../../scripts/supply-chain/crates.ts'

interface Wanted {
  readonly name: string
  readonly version: string
}

/** Makes cargo resolve these versions again, which it refuses for yanked ones. */
async function choose(crates: readonly Wanted[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-withdrawn-'))
  try {
    const dependencies = crates.map(
      ({ name, version }, index) => `c${index} = { package = "${name}", version = "=${version}" }`,
    )
    const manifest = [
      '[package]',
      'name = "wants-all"',
      'edition = "2024"',
      '[dependencies]',
      ...dependencies,
    ]
    writeFileSync(join(folder, 'Cargo.toml'), manifest.join('\n'))
    mkdirSync(join(folder, 'src'))
    writeFileSync(join(folder, 'src/lib.rs'), '')
    await run('cargo', ['generate-lockfile'], { cwd: folder })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('no crate has been yanked from crates.io', async (t) => {
  t.timeout(1_200_000)
  const crates = (await cratesNeeded()).filter(({ checksum }) => checksum !== undefined)
  t.true(crates.length > 30)
  await t.notThrowsAsync(choose(crates))
})

test('a yanked crate is found', async (t) => {
  t.timeout(1_200_000)
  await t.throwsAsync(choose([{ name: 'futures-util', version: '0.3.30' }]), {
    message: /version 0\.3\.30 is yanked/,
  })
})
