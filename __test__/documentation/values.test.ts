/** If a comment in a block of code says what an expression returns, the expression returns it. */
import { inspect } from 'node:util'
import test from 'ava'
import * as entry from 'tcp-keepalive'
import ts from 'typescript'
import { connectedPair } from '../../lab/readback/readback.ts'
import { blocks } from './pages.ts'

/** An object or a number, alone or before a colon and words. Anything else in a comment is not a value. */
const VALUE = /^(?:\{[^…]*\}|\d+(?=:|$))/

/** Values that depend on the machine's configuration. */
const OF_THE_MACHINE = /systemKeepAlive\(/

interface Claim {
  readonly expression: string
  readonly value: string
}

const claiming = blocks
  .filter(({ language }) => language === 'js' || language === 'ts')
  .map((block) => ({ ...block, ...withClaims(block.text) }))
  .filter(({ claims }) => claims.length > 0)

for (const { at, program, claims } of claiming) {
  test(`${at}: ${claims.map(({ expression }) => expression).join(', ')}`, async (t) => {
    const pair = await connectedPair()
    t.teardown(() => pair.close())
    const names = { ...entry, socket: pair.client }
    const given: unknown[] = []
    // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- the page is ours
    new Function(...Object.keys(names).filter(isName), 'given', program)(
      ...Object.entries(names).flatMap(([name, value]) => (isName(name) ? [value] : [])),
      given,
    )
    t.is(given.length, claims.length)
    for (const [index, { expression, value }] of claims.entries()) {
      // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- the page is ours
      const said: unknown = new Function(`return (${value})`)()
      t.deepEqual(given[index], said, `${expression} gives ${inspect(given[index])}`)
    }
  })
}

test('the documentation has such comments, and they are found', (t) => {
  t.true(claiming.length >= 3, String(claiming.length))
  const { program, claims } = withClaims(
    "import { a } from 'b'\nf(1) // { c: 2 }\ng() // what it is\nh()\n// 5: so many",
  )
  t.is(program, 'given.push(f(1));\ng()\ngiven.push(h());')
  t.deepEqual(claims, [
    { expression: 'f(1)', value: '{ c: 2 }' },
    { expression: 'h()', value: '5' },
  ])
})

/** The block without its imports. It pushes the claimed values into `given`. */
function withClaims(text: string): { program: string; claims: Claim[] } {
  const source = ts.createSourceFile('block.ts', text, ts.ScriptTarget.ES2022, true)
  const claims: Claim[] = []
  const statements = source.statements.flatMap((statement) => {
    if (ts.isImportDeclaration(statement)) return []
    const expression = statement.getText()
    const value = VALUE.exec(commentAfter(text, statement.getEnd()))?.[0]
    const isClaim =
      ts.isExpressionStatement(statement) && value !== undefined && !OF_THE_MACHINE.test(expression)
    if (!isClaim) return [expression]
    claims.push({ expression, value })
    return [`given.push(${expression});`]
  })
  return { program: statements.join('\n'), claims }
}

/** The comment on the rest of the line and on the lines below, without its marks. */
function commentAfter(text: string, end: number): string {
  const [comment = ''] = /^[ ;]*\n?(?:[ ]*\/\/.*(?:\n|$))+/.exec(text.slice(end)) ?? []
  return comment
    .replaceAll(/^[ ;]*\/\/ ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

function isName(name: string): boolean {
  return /^[a-z]\w*$/i.test(name) && name !== 'default'
}
