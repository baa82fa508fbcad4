/** docs/troubleshooting.md has a table that leads from common search terms to the section with the answer. */
import test from 'ava'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { visit } from 'unist-util-visit'
import { pages } from './pages.ts'

const PATH = 'docs/troubleshooting.md'

/** Words of errors as clients print them, and words that people add to a search. */
const TERMS = [
  'timeout exceeded when trying to connect',
  'Connection terminated unexpectedly',
  'Connection lost: The server closed the connection',
  'PROTOCOL_CONNECTION_LOST',
  'wait_timeout',
  'Query read timeout',
  'socket hang up',
  'CONNECTION_CLOSED',
  'CONNECT_TIMEOUT',
  'ESOCKET',
  'EPIPE',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  "Unhandled 'error' event",
  '`pool.end()` hangs',
  'failover',
  'DNS change',
  'Aurora',
  'Patroni',
  'Lambda',
  'Swarm',
  'IPVS',
  'conntrack',
  'NLB',
  'VPN',
  'WebSocket',
  'SOCKS',
  'Electron',
]

const [, section = ''] =
  /\n## By what you read or search for\n(.*?)\n## /s.exec(
    pages.find(({ path }) => path === PATH)?.markdown ?? '',
  ) ?? []
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1)
  .map((line) => line.slice(2, -2).split(' | '))

test('each term is in the first column of one row', (t) => {
  for (const term of TERMS) {
    t.is(rows.filter(([read = '']) => read.includes(term)).length, 1, term)
  }
})

test('each row says what it is, whether keepalive causes it, and where to read on', (t) => {
  t.true(rows.length >= 20)
  for (const [read, what = '', whose = '', where = '', ...more] of rows) {
    t.deepEqual(more, [], read)
    t.true(what.length > 20, read)
    t.regex(whose, /^(not )?keepalive's|^by its `cause`$/, read)
    t.regex(where, /\]\([^)]+\)$/, read)
  }
  const notOurs = rows.filter(([, , whose = '']) => whose.startsWith('not'))
  t.true(notOurs.length > 5 && notOurs.length < rows.length - 5)
})

test('each link of the table leads to an existing page, and to an existing heading', (t) => {
  const links: string[] = []
  visit(fromMarkdown(section), 'link', ({ url }) => void links.push(url))
  // mdast does not parse tables without an extension, so the links are put into a paragraph.
  t.true(links.length >= rows.length)
  for (const url of links.filter((each) => !each.startsWith('https://'))) {
    const [file = '', anchor = ''] = url.split('#')
    const path = file === '' ? PATH : `docs/${file}`
    const page = pages.find((each) => each.path === path)
    t.truthy(page, url)
    if (anchor !== '') t.true(anchorsOf(page?.markdown ?? '').includes(anchor), url)
  }
})

/** As GitHub makes them from headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
