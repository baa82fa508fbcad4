/** Bundlers, file tracers and single executables with the package, used as docs/installing.md says. */
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { run } from '../../lab/run.ts'
import { nodeOf, versions } from '../../lab/nodes.ts'
import { type Project, startMachine } from './machine.ts'

/** Imports and requires: both must share one state. */
const FILES = {
  'app.mjs': `
    import net from 'node:net'
    import all, { getKeepAlive, setKeepAlive, TcpKeepAliveError } from 'tcp-keepalive'
    import required from './required.cjs'
    if (all.planKeepAlive({ time: 9000 }).settings.time !== 9000) throw new Error('planned otherwise')
    const installed = required.installKeepAlive({ time: 9000 })
    try { setKeepAlive(1, { idle: 1 }) } catch (error) {
      for (const each of [TcpKeepAliveError, required.TcpKeepAliveError]) if (!(error instanceof each)) throw error
    }
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const socket = net.connect(server.address().port, '127.0.0.1', () => {
        console.log(all.inspectSocket(socket).heldBy, getKeepAlive(socket).time)
        installed.uninstall()
        socket.destroy()
        server.close()
      })
    })`,
  'required.cjs': "module.exports = { ...require('tcp-keepalive') }",
}
const SHOWN = 'install 9000\n'

const machine = await startMachine()
const installed = await machine.project({})
await installed.npm('install', '--ignore-scripts', 'tcp-keepalive')
test.after.always(() => machine.close())

/** A single executable has 100 MB, and /tmp may be small. */
const folders: string[] = []
test.afterEach.always(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** A program in its own folder, with the package as npm installs it. */
async function project(files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const made = await machine.project({ ...FILES, ...files })
  folders.push(made.folder)
  await cp(join(installed.folder, 'node_modules'), join(made.folder, 'node_modules'), { recursive: true })
  return made
}

/** Runs a file in another folder, so that nothing is found by chance. The package is next to the bundle. */
async function shows(t: ExecutionContext, { folder, node }: Project, bundle: string): Promise<void> {
  t.is(await node(join(folder, bundle)), SHOWN)
}

/** The complete output of a successful Node program, on standard output and standard error. */
async function said({ node }: Project, ...parameters: readonly string[]): Promise<string> {
  const program = `
    const { spawnSync } = require('node:child_process')
    const { status, stdout, stderr } = spawnSync(process.execPath, process.argv.slice(1), { encoding: 'utf8' })
    console.log((stdout + stderr).trim())
    process.exitCode = status`
  return (await node('--eval', program, '--', ...parameters)).trim()
}

const tool = (...parameters: Parameters<typeof machine.tool>): string =>
  JSON.stringify(machine.tool(...parameters))

for (const name of ['webpack', 'rspack'] as const) {
  for (const mode of ['production', 'development']) {
    for (const [what, configuration, bundle] of [
      ['bundled whole', `output: { path: folder, filename: 'bundle.cjs' }`, 'bundle.cjs'],
      [
        'the platform packages kept external',
        `output: { path: folder, filename: 'bundle.cjs' },
         externals: [/^@tcp-keepalive\\//], externalsType: 'commonjs'`,
        'bundle.cjs',
      ],
      [
        'an ES module, the platform packages kept external',
        `output: { path: folder, filename: 'bundle.mjs', module: true, chunkFormat: 'module' },
         experiments: { outputModule: true }, externals: [/^@tcp-keepalive\\//], externalsType: 'module'`,
        'bundle.mjs',
      ],
      [
        'an ES module, all kept external',
        `output: { path: folder, filename: 'bundle.mjs', module: true, chunkFormat: 'module' },
         experiments: { outputModule: true }, externals: ['tcp-keepalive'], externalsType: 'module'`,
        'bundle.mjs',
      ],
    ] as const) {
      test.serial(`${name} (${mode}): ${what}`, async (t) => {
        const load =
          name === 'webpack'
            ? `(await import(${tool('webpack', 'lib/index.js')})).default`
            : `(await import(${tool('rspack', 'dist/index.js')})).rspack`
        const made = await project({
          'build.mjs': `
            const folder = import.meta.dirname ?? new URL('.', import.meta.url).pathname
            const build = ${load}
            build({ mode: '${mode}', target: 'node', context: folder, entry: './app.mjs', ${configuration} }, (error, stats) => {
              if (error) throw error
              console.log(stats.toString({ all: false, errors: true, warnings: true }))
            })`,
        })
        t.is(await said(made, 'build.mjs'), '')
        await shows(t, made, bundle)
      })
    }
  }
}

const ESBUILD = ['--bundle', '--platform=node', '--log-limit=0', '--log-level=warning']
const BANNER =
  "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
for (const [what, words, bundle] of [
  ['CommonJS', ['--outfile=bundle.cjs'], 'bundle.cjs'],
  ['CommonJS, minified', ['--minify', '--outfile=bundle.cjs'], 'bundle.cjs'],
  ['conditions of its own', ['--conditions=worker', '--outfile=bundle.cjs'], 'bundle.cjs'],
  ['an ES module with a `require`', ['--format=esm', '--outfile=bundle.mjs', BANNER], 'bundle.mjs'],
  [
    'an ES module, all kept external',
    ['--format=esm', '--outfile=bundle.mjs', '--external:tcp-keepalive', BANNER],
    'bundle.mjs',
  ],
] as const) {
  test.serial(`esbuild: ${what}`, async (t) => {
    const made = await project()
    t.is(await said(made, machine.tool('esbuild', 'bin/esbuild'), 'app.mjs', ...ESBUILD, ...words), '')
    await shows(t, made, bundle)
  })
}

test.serial(
  'esbuild: an ES module without a `require` says what to do, and works if there is a global one',
  async (t) => {
    const made = await project()
    await made.node(
      machine.tool('esbuild', 'bin/esbuild'),
      'app.mjs',
      ...ESBUILD,
      '--format=esm',
      '--outfile=bundle.mjs',
    )
    const error = await t.throwsAsync(made.node('bundle.mjs'))
    t.regex(
      error.message,
      /ERR_TCP_KEEPALIVE_NOT_LOADED.*Dynamic require.*in a bundle, keep tcp-keepalive external/,
    )
    t.is(await made.node('--eval', 'import("./bundle.mjs")'), SHOWN)
  },
)

for (const format of ['es', 'cjs']) {
  for (const [what, external, allowed] of [
    ['kept external', ['tcp-keepalive'], []],
    ['bundled', [], ['CIRCULAR_DEPENDENCY']],
  ] as const) {
    test.serial(`rollup (${format}): ${what}`, async (t) => {
      const bundle = format === 'es' ? 'bundle.mjs' : 'bundle.cjs'
      const made = await project({
        'build.mjs': `
          import { rollup } from ${tool('rollup', 'dist/es/rollup.js')}
          import { nodeResolve } from ${tool('rollupResolve', 'dist/es/index.js')}
          import commonjs from ${tool('rollupCommonjs', 'dist/es/index.js')}
          const build = await rollup({
            input: 'app.mjs', external: ${JSON.stringify(external)}, plugins: [nodeResolve(), commonjs()],
            onwarn: ({ code, message }) => ${JSON.stringify(allowed)}.includes(code) || console.log(message),
          })
          await build.write({ file: '${bundle}', format: '${format}' })`,
      })
      t.is(await said(made, 'build.mjs'), '')
      await shows(t, made, bundle)
    })
  }
}

for (const noExternal of [false, true]) {
  test.serial(`vite, for a server: ${noExternal ? 'bundled' : 'external, as by default'}`, async (t) => {
    const made = await project({
      'build.mjs': `
        import { build, createLogger } from ${tool('vite', 'dist/node/index.js')}
        const customLogger = { ...createLogger(), info() {}, warn: console.log, warnOnce: console.log, error: console.log }
        await build({
          configFile: false, customLogger, logLevel: 'warn',
          build: { ssr: 'app.mjs', outDir: 'out', rollupOptions: { output: { entryFileNames: 'app.mjs' } } },
          ssr: { noExternal: ${noExternal || '[]'} },
        })`,
    })
    t.is(await said(made, 'build.mjs'), '')
    await shows(t, made, 'out/app.mjs')
  })
}

test.serial('parcel', async (t) => {
  const targets = {
    main: {
      context: 'node',
      outputFormat: 'commonjs',
      includeNodeModules: true,
      source: 'app.mjs',
      distDir: 'out',
    },
  }
  const made = await project({
    'package.json': JSON.stringify({ private: true, main: 'out/app.js', targets, engines: { node: '>=20' } }),
  })
  const said = await made.node(
    machine.tool('parcel', 'lib/bin.js'),
    'build',
    '--no-cache',
    '--log-level=warn',
  )
  t.is(said, '')
  await shows(t, made, 'out/app.js')
})

for (const conditions of [
  undefined,
  ['node', 'production'],
  ['node', 'module', 'development'],
  ['node', 'node-addons'],
]) {
  for (const entry of ['app.mjs', 'import.mjs', 'required.cjs']) {
    test.serial(
      `nft with ${conditions?.join() ?? 'its own conditions'}: ${entry} starts with the traced files only`,
      async (t) => {
        const said = `console.log('install', 9000)`
        const made = await project({
          'import.mjs': `import { systemKeepAlive } from 'tcp-keepalive'\nsystemKeepAlive()\n${said}`,
          'required.cjs': `module.exports = { ...require('tcp-keepalive') }
          if (require.main === module) { module.exports.systemKeepAlive(); ${said} }`,
          'trace.cjs': `
          require(${tool('nft', 'out/index.js')}).nodeFileTrace(['${entry}'], ${JSON.stringify({ conditions })})
            .then(({ fileList, warnings }) => console.log(JSON.stringify([[...fileList], [...warnings].map(String)])))`,
        })
        const [files, warnings] = JSON.parse(await made.node('trace.cjs')) as [string[], string[]]
        t.deepEqual(warnings, [])
        const alone = await machine.project({})
        folders.push(alone.folder)
        for (const file of files) {
          await mkdir(dirname(join(alone.folder, file)), { recursive: true })
          await cp(join(made.folder, file), join(alone.folder, file))
        }
        t.is(await alone.node(entry), SHOWN)
      },
    )
  }
}

for (const [target, words] of [
  ['node', ['--outfile=bundle.mjs']],
  ['bun', ['--outfile=bundle.mjs']],
] as const) {
  test.serial(`bun build --target=${target}`, async (t) => {
    const made = await project()
    const bun = machine.tool('bun', 'bin/bun')
    await made.run(bun, 'build', 'app.mjs', `--target=${target}`, ...words)
    t.is(await made.run(target === 'bun' ? bun : 'node', 'bundle.mjs'), SHOWN)
  })
}

for (const words of [[], ['--external', '@tcp-keepalive/*']]) {
  test.serial(`bun build --compile ${words.join(' ')}`, async (t) => {
    const made = await project()
    await made.run(
      machine.tool('bun', 'bin/bun'),
      'build',
      'app.mjs',
      '--compile',
      '--outfile=program',
      ...words,
    )
    // In another folder than the one in which it was made, because Bun has written that path into it.
    const moved = `${made.folder}-moved`
    folders.push(moved)
    await rename(made.folder, moved)
    t.is(await run(join(moved, 'program'), [], { cwd: '/' }), SHOWN)
    await rm(join(moved, 'node_modules'), { recursive: true })
    const error = await t.throwsAsync(run(join(moved, 'program'), [], { cwd: '/' }))
    t.regex(error.message, /The native binary of tcp-keepalive is missing/)
  })
}

const ONLY_BESIDE = `
  const { createRequire } = require('node:module')
  const { getKeepAlive, systemKeepAlive } = createRequire(process.execPath)('tcp-keepalive')
  if (typeof getKeepAlive === 'function' && systemKeepAlive().time > 0) console.log('install', 9000)`

for (const version of [process.versions.node, ...versions]) {
  for (const [what, entry, bundled] of [
    ['with the code in a bundle', 'app.mjs', true],
    ['with the package beside it', 'beside.cjs', false],
  ] as const) {
    test.serial(`a single executable of Node ${version}, ${what}`, async (t) => {
      const node = version === process.versions.node ? process.execPath : await nodeOf(version)
      const made = await project({
        'beside.cjs': ONLY_BESIDE,
        'sea.json': JSON.stringify({
          main: bundled ? 'bundle.cjs' : entry,
          output: 'program.blob',
          disableExperimentalSEAWarning: true,
        }),
      })
      if (bundled) {
        await made.node(machine.tool('esbuild', 'bin/esbuild'), entry, ...ESBUILD, '--outfile=bundle.cjs')
      }
      const program = join(made.folder, 'program')
      await made.run(node, '--experimental-sea-config', 'sea.json')
      await copyFile(node, program)
      await chmod(program, 0o755)
      const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
      await made.node(
        machine.tool('postject', 'dist/cli.js'),
        'program',
        'NODE_SEA_BLOB',
        'program.blob',
        '--sentinel-fuse',
        fuse,
      )
      t.is(await run(program, [], { cwd: '/' }), SHOWN)
      if (!bundled) return
      const alone = join(await mkdtemp(join(tmpdir(), 'tcp-keepalive-')), 'program')
      t.teardown(() => rm(dirname(alone), { recursive: true }))
      await copyFile(program, alone)
      const error = await t.throwsAsync(run(alone, [], { cwd: '/' }))
      t.regex(error.message, /The native binary of tcp-keepalive is missing/)
    })
  }
}

test.serial('the configurations are those in the documentation', async (t) => {
  const text = await readFile(new URL('../../docs/installing.md', import.meta.url), 'utf8')
  for (const line of [
    "externals: ['tcp-keepalive']",
    BANNER.replace('--banner:js=', ''),
    'bun build app.js --compile',
  ]) {
    t.true(text.includes(line), line)
  }
})
