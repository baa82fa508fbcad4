import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
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

test('import, require and bundlers get what the types declare', async (t) => {
  const path: string = '../dist/bundled.mjs'
  const bundled: typeof imported = await import(path)
  const types = ts.createProgram([fileURLToPath(new URL('../dist/index.d.cts', import.meta.url))], {})
  const checker = types.getTypeChecker()
  const [source] = types.getRootFileNames().map((file) => types.getSourceFile(file))
  const module = source && checker.getSymbolAtLocation(source)
  const promised = (module ? checker.getExportsOfModule(module) : []).filter((symbol) => {
    const { flags } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    return (flags & ts.SymbolFlags.Value) !== 0
  })
  t.deepEqual(promised.map(({ name }) => name).toSorted(), names)
  for (const module of [imported, bundled]) {
    const { default: all, ...named } = module as typeof imported & { default: typeof imported }
    t.deepEqual(Object.keys(named).toSorted(), names)
    for (const name of names) t.is(all[name as keyof typeof all], named[name as keyof typeof named], name)
  }
  t.true(names.includes('setKeepAlive'))
})

test('import and require share one state', async (t) => {
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

test('an error is an instance of TcpKeepAliveError, whichever entry point it comes from', (t) => {
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

test('instanceof refuses other errors, whatever their code', (t) => {
  const { TcpKeepAliveError } = imported
  const throws = Object.defineProperty(new Error('no code'), 'code', { get: () => BigInt('none') })
  for (const code of [Object.create(null), ['ERR_TCP_KEEPALIVE_NOT_TCP'], 7, undefined]) {
    t.false(Object.assign(new Error('other'), { code }) instanceof TcpKeepAliveError)
  }
  t.false(throws instanceof TcpKeepAliveError)
  const error = t.throws(() => required.setKeepAlive(1, { idle: 1 } as object))
  t.true(Object.create(error ?? null) instanceof required.TcpKeepAliveError)
})

test('the functions have their documented names and lengths', (t) => {
  const lengths = {
    getKeepAlive: 1,
    getTcpInfo: 1,
    holdKeepAlive: 2,
    inspectSocket: 1,
    inspectSockets: 0,
    installKeepAlive: 1,
    outcomeOf: 1,
    planKeepAlive: 1,
    probePeer: 2,
    setKeepAlive: 2,
    systemKeepAlive: 0,
  }
  for (const entry of [imported, required]) {
    const { capabilities: _, TcpKeepAliveError: _class, ...rest } = entry
    const { default: _default, ...functions } = rest as typeof rest & { default?: unknown }
    const found = Object.entries(functions).map(([name, { length, name: itself }]) => {
      t.is(itself, name)
      return [name, length]
    })
    t.deepEqual(Object.fromEntries(found), lengths)
  }
})

for (const [format, load] of [
  ['module', (names: string, from: string) => `import { ${names} } from '${from}'`],
  ['commonjs', (names: string, from: string) => `const { ${names} } = require('${from}')`],
] as const) {
  test(`if the rest of the package is gone, outcomeOf works and the other functions say so (${format})`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    for (const part of ['dist', 'index.js', 'package.json']) {
      const copy = join(folder, 'node_modules/tcp-keepalive', part)
      cpSync(fileURLToPath(new URL(`../${part}`, import.meta.url)), copy, { recursive: true })
    }
    const program = `
      ${load('rmSync', 'node:fs')}
      ${load('outcomeOf, setKeepAlive, TcpKeepAliveError', 'tcp-keepalive')}
      rmSync('node_modules', { recursive: true })
      console.log(outcomeOf(Object.assign(new Error('gone'), { code: 'ETIMEDOUT' })))
      try { setKeepAlive(0, 60_000) } catch (error) {
        console.log(error instanceof TcpKeepAliveError, error.code, error.cause.code)
      }`
    const printed = execFileSync(process.execPath, [`--input-type=${format}`, '-e', program], {
      cwd: folder,
      encoding: 'utf8',
    })
    t.is(printed, 'no-answer\ntrue ERR_TCP_KEEPALIVE_NOT_LOADED MODULE_NOT_FOUND\n')
  })
}

test('an import loads one small file, and neither the binary nor node:tls', (t) => {
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

const FIRST_CALLS: Readonly<Record<string, readonly string[]>> = {
  'planKeepAlive({ detectWithin: 30_000 })': ['settings.cjs', 'values.cjs'],
  'setKeepAlive(connected(), { time: 60_000 })': ['core.cjs', 'values.cjs'],
}
for (const [call, files] of Object.entries(FIRST_CALLS)) {
  test(`the first ${call} loads what it needs, and no more of the code`, (t) => {
    const program = `
      const { planKeepAlive, setKeepAlive } = require('tcp-keepalive')
      const net = require('node:net')
      const server = net.createServer().listen(0, '127.0.0.1', () => {
        const socket = net.connect(server.address().port, '127.0.0.1', () => {
          const connected = () => socket
          ${call}
          console.log(JSON.stringify(Object.keys(require.cache)))
          process.exit()
        })
      })`
    const printed = execFileSync(process.execPath, ['-e', program], {
      cwd: new URL('.', import.meta.url),
      encoding: 'utf8',
    })
    const loaded = (JSON.parse(printed) as readonly string[]).filter((file) => file.includes('dist'))
    t.deepEqual(loaded.map((file) => basename(file)).toSorted(), ['index.cjs', ...files].toSorted())
  })
}

test('an import works if a program has frozen its globals', (t) => {
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

test('the types need nothing newer than ES2020 and @types/node', (t) => {
  const files = ['dist/drill.d.cts', 'dist/index.d.cts', 'dist/register.d.cts', 'index.d.ts'].map((file) =>
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

for (const [name, resolution, files] of [
  [
    'node10',
    { module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 },
    ['app.ts'],
  ],
  ['node16', { module: ts.ModuleKind.Node16 }, ['app.mts', 'app.cts']],
  [
    'bundler',
    { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
    ['app.ts', 'app.mts'],
  ],
] as const) {
  test(`a program gets its types with moduleResolution ${name}, and with isolatedModules`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    for (const part of ['dist', 'index.js', 'index.d.ts', 'package.json']) {
      const copy = join(folder, 'node_modules/tcp-keepalive', part)
      cpSync(fileURLToPath(new URL(`../${part}`, import.meta.url)), copy, { recursive: true })
    }
    const text = `
      import { capabilities, type KeepAlive, getKeepAlive, setKeepAlive, TcpKeepAliveError } from 'tcp-keepalive'
      import { cutOff } from 'tcp-keepalive/drill'
      import { systemKeepAlive } from 'tcp-keepalive/native'
      import 'tcp-keepalive/register'
      export const step: number = capabilities.time.step + systemKeepAlive(new Int32Array(5))
      export const restore: () => void = () => cutOff(3).restore()
      export function set(fd: number): KeepAlive | string {
        try { setKeepAlive(fd, { detectWithin: 30_000 }); return getKeepAlive(fd) } catch (error) {
          if (error instanceof TcpKeepAliveError) return error.code
          throw error
        }
      }`
    const mistaken = `import { setKeepAlive } from 'tcp-keepalive'\nsetKeepAlive(1, { time: 'soon' })`
    const errors = (program: string): string[] => {
      const paths = files.map((file) => join(folder, file))
      for (const path of paths) writeFileSync(path, program)
      const compiled = ts.createProgram(paths, {
        ...resolution,
        target: ts.ScriptTarget.ES2022,
        isolatedModules: true,
        noEmit: true,
        strict: true,
        types: ['node'],
        typeRoots: [fileURLToPath(new URL('../node_modules/@types', import.meta.url))],
      })
      return ts
        .getPreEmitDiagnostics(compiled)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
    }
    t.deepEqual(errors(text), [])
    t.is(errors(mistaken).length, files.length) // so the types are found
  })
}

test('users get no dependency and no install script', (t) => {
  t.is(manifest.dependencies, undefined)
  for (const hook of ['preinstall', 'install', 'postinstall']) t.false(hook in manifest.scripts)
})
