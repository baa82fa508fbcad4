import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer } from 'node:net'
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

const names = Object.keys(required).toSorted()

test('import, require and bundlers get what the types promise', async (t) => {
  const bundled = (await import('../dist/bundled.mjs' as string)) as typeof imported
  const types = ts.createProgram([fileURLToPath(new URL('../dist/index.d.cts', import.meta.url))], {})
  const checker = types.getTypeChecker()
  const [source] = types.getRootFileNames().map((file) => types.getSourceFile(file))
  const module = source && checker.getSymbolAtLocation(source)
  const promised = (module ? checker.getExportsOfModule(module) : []).filter((symbol) => {
    const { flags } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    return (flags & ts.SymbolFlags.Value) !== 0
  })
  t.deepEqual(promised.map(({ name }) => name).toSorted(), names)
  t.deepEqual(Object.keys(imported).toSorted(), names)
  t.deepEqual(Object.keys(bundled).toSorted(), names)
  t.true(names.includes('setKeepAlive'))
})

test('import and require have one state', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  const hold = imported.holdKeepAlive(socket, { time: 9000 })
  t.is(required.inspectSocket(socket).heldBy, 'hold')
  required.setKeepAlive(socket, { time: 8000 })
  socket.setKeepAlive(true, 7000)
  t.is(imported.getKeepAlive(socket).time, 8000)
  hold.release()
  t.is(required.inspectSocket(socket).heldBy, undefined)
  socket.destroy()
  server.close()
})

test('an error is of TcpKeepAliveError, from whichever door that comes', (t) => {
  for (const { setKeepAlive } of [imported, required]) {
    const error = t.throws(() => setKeepAlive(1, { idle: 1000 } as object))
    t.true(error instanceof imported.TcpKeepAliveError)
    t.true(error instanceof required.TcpKeepAliveError)
    t.is(error?.name, 'TcpKeepAliveError')
  }
  const others = [new TypeError('other'), Object.assign(new Error('other'), { code: 'EBADF' }), undefined, {}]
  for (const other of others) t.false(other instanceof imported.TcpKeepAliveError)
  class Narrower extends imported.TcpKeepAliveError {}
  t.false(t.throws(() => required.setKeepAlive(1, { idle: 1 } as object)) instanceof Narrower)
})

test('the functions carry their names, and are as long as the types say', (t) => {
  for (const door of [imported, required]) {
    t.is(door.setKeepAlive.name, 'setKeepAlive')
    t.is(door.setKeepAlive.length, 2)
  }
})

test('importing loads one small file, neither the binary nor node:tls', (t) => {
  const program = `
    import 'tcp-keepalive'
    import { createRequire } from 'node:module'
    import { basename } from 'node:path'
    const require = createRequire(import.meta.url)
    require('tcp-keepalive')
    const loaded = Object.keys(require.cache).map((file) => basename(file))
    console.log(JSON.stringify([loaded, process.moduleLoadList.includes('NativeModule tls')]))`
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: new URL('.', import.meta.url),
    encoding: 'utf8',
  })
  t.deepEqual(JSON.parse(printed), [['index.cjs'], false])
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
    if (typeof conditions['default'] === 'string') t.is(Object.keys(conditions)[0], 'types')
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
