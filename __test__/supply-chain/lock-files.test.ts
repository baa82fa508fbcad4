/** Everything that is installed and compiled here is named by the lock files, with its hash, from the public registries. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { ROOT } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'

interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  /** Another folder of this repository. */
  readonly link?: boolean
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

const committed = (await run('git', ['ls-files'], { cwd: ROOT })).split('\n').filter(Boolean)
const npmLockFiles = committed.filter((file) => /(^|\/)package-lock\.json$/.test(file))

test("each package.json with dependencies has a lock file next to it, and there is no other tool's lock file", (t) => {
  const naming = committed
    .filter((file) => /(^|\/)package\.json$/.test(file))
    .filter((file) => /"(dev|peer)?[dD]ependencies"/.test(read(file)))
    .map((file) => file.replace(/\.json$/, '-lock.json'))
  t.deepEqual(npmLockFiles, naming)
  t.true(naming.length >= 3)
  const others = committed.filter((file) =>
    /(^|\/)(yarn\.lock|pnpm-lock\.yaml|npm-shrinkwrap\.json)$/.test(file),
  )
  t.deepEqual(others, [])
})

for (const file of npmLockFiles) {
  test(`${file}: every package has a hash, and none has a source other than npm's registry`, (t) => {
    const { packages } = JSON.parse(read(file)) as { packages: Record<string, LockedPackage> }
    const ofRegistry = Object.entries(packages).filter(
      ([path, { link }]) => path.startsWith('node_modules/') && !link,
    )
    t.true(ofRegistry.length > 0)
    for (const [path, { integrity, resolved, version }] of ofRegistry) {
      t.regex(integrity ?? 'none', /^sha512-[\w+/]{86}==$/, path)
      t.regex(resolved ?? 'https://registry.npmjs.org/', /^https:\/\/registry\.npmjs\.org\//, path)
      t.regex(version ?? 'none', /^\d+\.\d+\.\d+/, path)
    }
    const others = Object.entries(packages).filter(([path]) => !path.startsWith('node_modules/'))
    t.true(others.every(([path]) => path === '' || path === '..'))
    const links = Object.values(packages).filter(({ link }) => link)
    t.true(links.every(({ resolved }) => resolved === '..'))
  })
}

test('Cargo.lock: every crate outside this workspace is from crates.io and has a hash', (t) => {
  const [, ...crates] = read('Cargo.lock').split('[[package]]')
  const foreign = crates.filter(
    (crate) => !/^name = "(readback|tcp-keepalive(-node|-misbehave)?)"$/m.test(crate),
  )
  t.true(foreign.length > 0)
  for (const crate of foreign) {
    t.regex(crate, /^source = "registry\+https:\/\/github\.com\/rust-lang\/crates\.io-index"$/m)
    t.regex(crate, /^checksum = "[0-9a-f]{64}"$/m)
  }
})

test('the build tools from PyPI are named by version and hash', (t) => {
  const tools = read('scripts/build/requirements.txt')
    .replaceAll(/^#.*\n/gm, '')
    .split(/^(?=\S)/m)
  t.true(tools.length > 0)
  for (const tool of tools) t.regex(tool, /^[\w-]+==[\d.]+( \\\n {4}--hash=sha256:[0-9a-f]{64})+\n$/)
})

/** Commands that would install the newest version, or change a lock file. */
const UNLOCKED: ReadonlyArray<readonly [what: string, command: RegExp]> = [
  ['npm install without a lock file', /npm (install|i|update)\b(?!.*\.\.\/packages\/)/],
  ['npx', /\bnpx /],
  ['cargo without --locked', /cargo(-deny)? (build|check|clippy|install|run|test)\b(?!.*--locked)/],
  ['napi build without --locked', /napi build\b(?!.* -- --locked)/],
  ['pip without a version', /(pip"? (-q )?install|pipx run --spec)\b(?!.*==)/],
  ['go install without a version', /go install\b(?!.*@v\d)/],
]

const STARTING = [
  '.ci/run',
  '.github/workflows/ci.yml',
  '.github/workflows/release.yml',
  'package.json',
  'scripts/parts.mjs',
]
for (const file of STARTING) {
  test(`${file}: only locked packages are installed or compiled`, (t) => {
    for (const line of read(file)
      .split('\n')
      .filter((each) => !each.trim().startsWith('#'))) {
      for (const [what, command] of UNLOCKED) t.notRegex(line, command, what)
    }
  })
}
