/** The names in the documentation exist: variables, codes, scripts and files. The index lists every page. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { visit } from 'unist-util-visit'
import { isOff, readEnvironment } from '../../src/settings/environment.ts'
import { type Page, pages, root } from './pages.ts'

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>
}

/** The first group of each match, with its page. */
function mentions(pattern: RegExp): { name: string; path: string }[] {
  return pages.flatMap(({ path, markdown }) =>
    [...markdown.matchAll(pattern)].map(([, name = '']) => ({ name, path })),
  )
}

/** The inline code, with its page. */
function inlineCode(): { name: string; path: string }[] {
  return pages.flatMap(({ path, markdown }) => {
    const found: { name: string; path: string }[] = []
    visit(fromMarkdown(markdown), 'inlineCode', ({ value }) => void found.push({ name: value, path }))
    return found
  })
}

const pageAt = (path: string): Page => {
  const page = pages.find((each) => each.path === path)
  if (!page) throw new Error(`There is no ${path}`)
  return page
}

test('every variable is one that tcp-keepalive/register reads', (t) => {
  const found = mentions(/(?<![A-Z_])(TCP_KEEPALIVE_[A-Z_]*[A-Z])(?!_)/g)
  t.true(found.length >= 5)
  const values = ['30s', '5', '1', '*:5432', 'process']
  for (const { name, path } of found) {
    if (name === 'TCP_KEEPALIVE_NOT_SET') continue // the code of a warning
    t.true(
      values.some((value) => isRead({ [name]: value })),
      `${path}: ${name}`,
    )
  }
})

function isRead(variables: Readonly<Record<string, string | undefined>>): boolean {
  try {
    return isOff(variables) || Boolean(readEnvironment(variables))
  } catch {
    return false
  }
}

test('every value given to a variable is valid', (t) => {
  const found = pages.flatMap(({ path, markdown }) =>
    [...markdown.matchAll(/\b(TCP_KEEPALIVE(?:_[A-Z_]+)?)=(?:'([^']+)'|([^\s'`]+))/g)].map(
      ([, name = '', quoted, bare]) => ({
        path,
        variables: { [name]: quoted ?? bare },
      }),
    ),
  )
  t.true(found.length >= 4)
  for (const { path, variables } of found) t.true(isRead(variables), path)
})

const CODES = [
  ...readFileSync(join(root, 'src/settings/tcp-keepalive-error.ts'), 'utf8').matchAll(
    /\| '(ERR_TCP_KEEPALIVE_\w+)'/g,
  ),
].map(([, code]) => code ?? '')

test('every error code is one of this package', (t) => {
  t.true(CODES.length >= 9)
  for (const { name, path } of mentions(/(ERR_TCP_KEEPALIVE_[A-Z_]*[A-Z])/g))
    t.true(CODES.includes(name), `${path}: ${name}`)
})

test('docs/troubleshooting.md says what to do about every code', (t) => {
  const { markdown } = pageAt('docs/troubleshooting.md')
  for (const code of CODES) t.true(markdown.includes(`\`${code}\``), code)
})

/** The first group of each match of a pattern in a file of the sources. */
function namesIn(file: string, pattern: RegExp): string[] {
  return [...readFileSync(join(root, file), 'utf8').matchAll(pattern)].map(([, name = '']) => name)
}

const VARIABLES = [
  ...new Set(namesIn('src/settings/environment.ts', /(TCP_KEEPALIVE(?:_[A-Z]+)*)(?:'|: ')/g)),
]

test('docs/whole-program.md describes every variable', (t) => {
  t.true(VARIABLES.length >= 10)
  const { markdown } = pageAt('docs/whole-program.md')
  for (const name of VARIABLES) t.regex(markdown, new RegExp(`\\b${name}\\b(?!_)`), name)
})

for (const { what, page, names } of [
  {
    what: 'warning',
    page: 'docs/seeing.md',
    names: namesIn('src/inspect/warnings.ts', /^ {2}\| '([\w-]+)'$/gm).map((code) => `\`${code}\``),
  },
  {
    what: 'fault of the soak',
    page: 'docs/reliability.md',
    names: namesIn('reliability/soak/faults.ts', /\b(?:deadly|living)\('([^']+)'/g),
  },
]) {
  test(`${page} has a line for every ${what}`, (t) => {
    t.true(names.length >= 10)
    const rows = pageAt(page)
      .markdown.split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) => line.split('|')[1] ?? '')
    for (const name of names) t.true(rows.join().includes(name), name)
  })
}

/** npm's own commands. */
const OF_NPM = new Set(['audit', 'ci', 'install', 'pack'])

test('every named script of npm is in package.json, and every part of one in scripts/parts.mjs', async (t) => {
  const { PARTS } = (await import(join(root, 'scripts/parts.mjs'))) as {
    PARTS: Readonly<Record<string, object>>
  }
  const found = inlineCode().flatMap(({ name, path }) => {
    const [, run, script = '', part] =
      /^npm (run (?:--silent )?)?([a-z][\w:-]*)(?: -- ([a-z][\w-]*)(?=\s|$))?/.exec(name) ?? []
    return script === '' || (run === undefined && OF_NPM.has(script)) ? [] : [{ script, part, path }]
  })
  t.true(found.filter(({ part, script }) => part !== undefined && script in PARTS).length >= 5)
  for (const { script, part, path } of found) {
    t.true(Object.hasOwn(scripts, script), `${path}: npm run ${script}`)
    if (part !== undefined && script in PARTS)
      t.true(Object.hasOwn(PARTS[script] ?? {}, part), `${path}: ${script} -- ${part}`)
  }
})

test('every named file of the repository exists', (t) => {
  const found = inlineCode().filter(({ name }) =>
    /^(?:__test__|bench|crates|docs|examples|lab|reliability|scripts|src)\/[\w./-]+$/.test(name),
  )
  t.true(found.length >= 5)
  for (const { name, path } of found) t.true(existsSync(join(root, name)), `${path}: ${name}`)
})

test('every web address is complete, and uses https', (t) => {
  for (const { path, markdown } of pages) {
    visit(fromMarkdown(markdown), ['link', 'definition', 'image'], (node) => {
      const { url } = node as unknown as { url: string }
      if (!/^[a-z]+:|^\/\//i.test(url)) return
      t.true(URL.canParse(url), `${path}: ${url}`)
      const { protocol, hostname } = new URL(url)
      t.is(protocol, 'https:', `${path}: ${url}`)
      t.regex(hostname, /^[a-z\d-]+(?:\.[a-z\d-]+)+$/, `${path}: ${url}`)
    })
  }
})

test('the index in docs/README.md names every page, with a line for each', (t) => {
  const { markdown } = pageAt('docs/README.md')
  const listed = pages.filter(({ path }) => /^docs\/[^/]+\.md$/.test(path) && path !== 'docs/README.md')
  for (const { path } of listed) {
    const name = path.slice('docs/'.length)
    t.regex(markdown, new RegExp(`\\]\\(${name.replace('.', '\\.')}\\).{10}`), path)
  }
  t.true(markdown.includes('](api/'))
})
