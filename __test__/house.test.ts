/** The check of allowed imports works: each of its rules is broken once. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'ava'
import { ROOT } from '../lab/command.ts'

interface Cruised {
  readonly summary: {
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] }
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[]
  }
}

const LAYERS = ['cli', 'drill', 'inspect', 'reach', 'hold', 'deadline', 'socket', 'settings']

/** A file for each rule that breaks it, and the forbidden import. */
const planted: readonly (readonly [rule: string, file: string, imported: string])[] = [
  ...LAYERS.map((layer, index) => {
    const above = LAYERS[index - 1]
    const higher = above === undefined || layer === 'drill' ? 'src/index.ts' : `src/${above}/part.ts`
    return [`${layer}-imports-down`, `src/${layer}/planted.ts`, higher] as const
  }),
  ['src-stands-alone', 'src/planted.ts', 'lab/part.ts'],
  ['lab-is-equipment', 'lab/planted.ts', 'scripts/part.ts'],
  ['tests-are-used-by-nobody', 'reliability/planted.ts', '__test__/part.ts'],
  ['scripts-measure-nothing', 'scripts/planted.ts', 'bench/part.ts'],
]

/** Allowed imports: from the highest layer down, and the equipment by those who may use it. */
const allowed: readonly (readonly [file: string, imported: string])[] = [
  ['src/cli/down.ts', 'src/settings/part.ts'],
  ['src/hold/down.ts', 'src/socket/part.ts'],
  ['lab/down.ts', 'src/index.ts'],
  ['scripts/down.ts', 'lab/part.ts'],
  ['__test__/down.ts', 'reliability/part.ts'],
]

test('an import upward, in a cycle or into a private folder is found, even if it is only a type', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-house-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  for (const name of ['.dependency-cruiser.mjs', 'tsconfig.json'])
    cpSync(join(ROOT, name), join(folder, name))
  const importing = (file: string, imported: string): string => {
    const up = '../'.repeat(file.split('/').length - 1)
    return `import type { Part } from '${up}${imported}'\nexport type Own = Part\n`
  }
  for (const [, file, imported] of planted) put(file, importing(file, imported))
  for (const [file, imported] of allowed) put(file, importing(file, imported))
  for (const file of new Set([...planted.map(([, , file]) => file), ...allowed.map(([, file]) => file)])) {
    put(file, 'export type Part = 1\n')
  }
  put('src/hold/one.ts', "import type { Two } from './two.ts'\nexport type One = Two | 1\n")
  put('src/hold/two.ts', "import type { One } from './one.ts'\nexport type Two = One[]\n")

  const rooms = ['src', 'lab', 'reliability', 'scripts', 'bench', '__test__']
  const words = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', ...rooms]
  const tool = join(ROOT, 'node_modules/.bin/depcruise')
  const { stdout, stderr } = spawnSync(tool, words, { cwd: folder, encoding: 'utf8' })
  t.is(stderr, '')
  const { violations, ruleSetUsed } = (JSON.parse(stdout) as Cruised).summary
  const found = violations.map(({ from, rule }) => `${rule.name}: ${from}`)
  const circle = ['src/hold/one.ts', 'src/hold/two.ts'].filter((file) => found.includes(`no-circle: ${file}`))
  t.true(circle.length > 0)
  t.deepEqual(
    found.filter((each) => !each.startsWith('no-circle: src/hold/')).toSorted(),
    planted.map(([rule, file]) => `${rule}: ${file}`).toSorted(),
  )
  const rules = ruleSetUsed.forbidden.map(({ name }) => name)
  t.deepEqual(new Set(rules), new Set(['no-circle', ...planted.map(([rule]) => rule)]))
})
