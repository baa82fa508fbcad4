/**
 * The compiler checks every block of JavaScript and TypeScript in the documentation against the published package's types, as an ES
 * module and as CommonJS. A block may use what an earlier block of its page declares, and what preamble.ts lists.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import * as entry from 'tcp-keepalive'
import ts from 'typescript'
import { type Block, blocks, pages, root } from './pages.ts'

/** Nothing in `text` is checked: it is a program's output or a drawing. Commands: commands.test.ts; yaml: metrics.test.ts. */
const LANGUAGES = new Set(['js', 'ts', 'sh', 'text', 'yaml'])

test('every block names its language, and each language is one that is checked', (t) => {
  for (const { at, language } of blocks) t.true(LANGUAGES.has(language), `${at}: "${language}"`)
})

/** The folder in which the clients' own types are found. */
const FOLDER = join(root, 'examples')
const PREAMBLE = '../__test__/documentation/preamble.ts'
const PREAMBLE_FILE = join(FOLDER, PREAMBLE)

const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
  allowImportingTsExtensions: true,
  noEmit: true,
  noImplicitAny: false, // JavaScript is one of them
  skipLibCheck: true,
  strict: true,
}

interface Snippet {
  readonly file: string
  readonly block: Block
  readonly text: string
}

for (const format of ['mts', 'cts'] as const) {
  test(`every block of code compiles with the package's own types, as .${format}`, (t) => {
    const snippets = pages.flatMap((page) => snippetsOf(page.blocks, format))
    t.true(snippets.length >= 20, String(snippets.length))
    for (const { at, said } of complaints(snippets)) t.fail(`${at}: ${said}`)
  })
}

test('the compiler finds an error in a block', (t) => {
  const wrong = [
    'setKeepAlive(socket, { deadline: 30_000 })',
    "import { setKeepalive } from 'tcp-keepalive'",
    'isSilent(socket)',
    'getTcpInfo(socket).silence',
  ].map((text): Block => ({ at: text, language: 'js', text }))
  t.deepEqual(
    complaints(snippetsOf(wrong, 'mts')).map(({ at }) => at),
    wrong.map(({ at }) => at),
  )
})

/** A page's blocks as files. A file imports from the others what it does not declare. */
function snippetsOf(all: readonly Block[], format: 'mts' | 'cts'): Snippet[] {
  const known = new Map(preambleNames().map((name) => [name, PREAMBLE]))
  return all.flatMap((block) => {
    const isCode = block.language === 'js' || block.language === 'ts'
    const isOther = format === 'mts' ? /\bmodule\.exports\b/ : /^(?:await|for await) /m
    if (!isCode || isOther.test(block.text)) return []
    const name = block.at.replaceAll(/\W/g, '-')
    const { declared, exported, used } = namesIn(block.text)
    const imports = [...used]
      .filter((each) => !declared.has(each) && known.has(each))
      .map((each) => `import { ${each} } from '${known.get(each)}'`)
    for (const each of declared) known.set(each, `./${name}.${format}`)
    // In CommonJS, named exports cannot be combined with module.exports.
    const missing = [...declared].filter((each) => !exported.has(each))
    const exports = block.text.includes('module.exports') ? '' : `export { ${missing.join(', ')} }`
    // On the block's own first line, so that a compiler error names the right line.
    const text = `${imports.join('; ')}${imports.length > 0 ? '; ' : ''}${block.text}\n${exports}\n`
    return [{ file: join(FOLDER, `${name}.${format}`), block, text }]
  })
}

/** The names that it declares itself, and those that the package exports. */
function preambleNames(): string[] {
  const { declared } = namesIn(readFileSync(PREAMBLE_FILE, 'utf8'))
  return [...declared, ...Object.keys(entry)]
}

/** The names that a block declares at its top level, and all that it mentions, except for members of objects. */
function namesIn(text: string): Record<'declared' | 'exported' | 'used', ReadonlySet<string>> {
  const source = ts.createSourceFile('block.mts', text, ts.ScriptTarget.ES2022, true)
  const declared = new Set<string>()
  const exported = new Set<string>()
  const used = new Set<string>()
  let isExported = false
  const declare = (name: ts.BindingName | undefined): void => {
    if (!name) return
    if (ts.isIdentifier(name)) {
      declared.add(name.text)
      if (isExported) exported.add(name.text)
    } else for (const element of name.elements) if (ts.isBindingElement(element)) declare(element.name)
  }
  for (const statement of source.statements) {
    isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) declare(name)
    } else if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement))
      declare(statement.name)
    else if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement
      if (exportClause && ts.isNamedExports(exportClause)) {
        for (const { name } of exportClause.elements) declared.add(name.text)
      }
    } else if (ts.isImportDeclaration(statement)) {
      const { name, namedBindings } = statement.importClause ?? {}
      declare(name)
      if (namedBindings && ts.isNamedImports(namedBindings)) {
        for (const element of namedBindings.elements) declare(element.name)
      } else declare(namedBindings?.name)
    }
  }
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isMember(node)) used.add(node.text)
    node.forEachChild(visit)
  }
  visit(source)
  return { declared, exported, used }
}

function isMember(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node
  return ts.isPropertyAssignment(parent) && parent.name === node
}

/** The clients have many typings, which take most of the time. */
const parsed = new Map<string, ts.SourceFile | undefined>()

function complaints(snippets: readonly Snippet[]): { at: string; said: string }[] {
  const texts = new Map(snippets.map(({ file, text }) => [file, text]))
  const host = ts.createCompilerHost(OPTIONS)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (file) => texts.has(file) || fileExists.call(host, file)
  host.readFile = (file) => texts.get(file) ?? readFile.call(host, file)
  host.getSourceFile = (file, ...rest) => {
    const text = texts.get(file)
    if (text !== undefined) return ts.createSourceFile(file, text, rest[0])
    if (!parsed.has(file)) parsed.set(file, getSourceFile.call(host, file, ...rest))
    return parsed.get(file)
  }
  const program = ts.createProgram([...texts.keys()], OPTIONS, host)
  const files = [
    ...snippets.map(({ file, block }) => ({ file, at: block.at })),
    { file: PREAMBLE_FILE, at: PREAMBLE },
  ]
  return files.flatMap(({ file, at }) => {
    const source = program.getSourceFile(file)
    return ts
      .getPreEmitDiagnostics(program, source)
      .filter(({ file: of }) => source !== undefined && of === source)
      .map(({ messageText }) => ({ at, said: ts.flattenDiagnosticMessageText(messageText, ' ') }))
  })
}
