import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import * as imported from 'tcp-keepalive'
import ts from 'typescript'

const require = createRequire(import.meta.url)
const required = require('tcp-keepalive') as typeof imported

interface Conditions {
  [condition: string]: string | Conditions
}
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  exports: Record<string, Conditions | string>
  dependencies?: object
  scripts: Record<string, string>
}

test('import and require give the same functions: one implementation, one state', (t) => {
  const names = Object.keys(required).toSorted()
  t.deepEqual(
    names,
    Object.keys(imported)
      .filter((name) => !/^(default|module\.exports)$/.test(name))
      .toSorted(),
  )
  for (const name of names) {
    t.is(required[name as keyof typeof required], imported[name as keyof typeof imported], name)
  }
  t.true(names.includes('setKeepAlive'))
})

test('importing loads neither the binary nor node:tls', (t) => {
  const program = `
    import 'tcp-keepalive'
    import { createRequire } from 'node:module'
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.endsWith('.node'))
    console.log(JSON.stringify([loaded, process.moduleLoadList.includes('NativeModule tls')]))`
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: new URL('.', import.meta.url),
    encoding: 'utf8',
  })
  t.deepEqual(JSON.parse(printed), [[], false])
})

test('importing does not fail where a program has frozen its globals', (t) => {
  const program = `
    import net from 'node:net'
    Object.freeze(net.Socket)
    const { getKeepAlive, setKeepAlive } = await import('tcp-keepalive')
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const socket = net.connect(server.address().port, '127.0.0.1', () => {
        setKeepAlive(socket, { time: 9000 })
        console.log(getKeepAlive(socket).time)
        process.exit()
      })
    })`
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: new URL('.', import.meta.url),
    encoding: 'utf8',
  })
  t.is(printed.trim(), '9000')
})

test('types come first under every condition, and the files exist', (t) => {
  const check = (conditions: Conditions): void => {
    if ('default' in conditions) t.is(Object.keys(conditions)[0], 'types')
    for (const value of Object.values(conditions)) {
      if (typeof value === 'string') t.truthy(readFileSync(new URL(`../${value}`, import.meta.url)))
      else check(value)
    }
  }
  for (const entry of Object.values(manifest.exports)) if (typeof entry !== 'string') check(entry)
})

test('the types ask for nothing newer than ES2020, and @types/node', (t) => {
  const files = ['dist/index.d.cts', 'dist/register.d.cts', 'index.d.ts'].map((file) =>
    fileURLToPath(new URL(`../${file}`, import.meta.url)),
  )
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2020,
    module: ts.ModuleKind.Node16,
    noEmit: true,
    strict: true,
    types: ['node'],
  })
  const found = files.flatMap((file) => program.getSemanticDiagnostics(program.getSourceFile(file)))
  t.deepEqual(
    found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
    [],
  )
})

test('users get no dependency and no install script', (t) => {
  t.is(manifest.dependencies, undefined)
  for (const hook of ['preinstall', 'install', 'postinstall']) t.false(hook in manifest.scripts)
})
