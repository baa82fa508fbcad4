/** The committed API reference equals the output of its generator. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import * as main from 'tcp-keepalive'
import * as drill from 'tcp-keepalive/drill'
import * as native from 'tcp-keepalive/native'

const root = fileURLToPath(new URL('..', import.meta.url))
const committed = join(root, 'docs/api')

/** The files, by name. */
function pages(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  )
}

test('docs/api is up to date with the sources (npm run docs -- api writes it)', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'api-reference-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  await promisify(execFile)('npm', ['exec', '--no', '--', 'typedoc', '--out', folder], { cwd: root })
  t.deepEqual(pages(committed), pages(folder))
})

test('every export of the package has a heading in the reference', (t) => {
  const headings = (page: string): string[] =>
    [...readFileSync(join(committed, page), 'utf8').matchAll(/^### (\w+)/gm)].map(([, name]) => name ?? '')
  const names = (module: object): string[] =>
    Object.keys(module).filter((name) => !/^(default|module\.exports|__)/.test(name))
  const own = names(main)
  t.true(own.length >= 12)
  for (const name of own) t.true(headings('tcp-keepalive.md').includes(name), name)
  t.deepEqual(names(drill), ['cutOff'])
  for (const name of names(drill)) t.true(headings('drill.md').includes(name), name)
  for (const name of names(native).filter(
    (name) => typeof native[name as keyof typeof native] === 'function',
  )) {
    t.true(headings('native.md').includes(name), name)
  }
})
