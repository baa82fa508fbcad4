/** `npm install` without a toolchain: what a user gets, from every package manager and in a bundle. */
import { once } from 'node:events'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import { type Lab, openLab } from '../../lab/network/lab.ts'
import { type Postgres, startPostgres } from '../../lab/servers/postgres.ts'
import { withPostgres } from '../needs.ts'
import { type Project, startMachine } from './machine.ts'

/** Sets and reads back values on a pg connection to a real PostgreSQL. */
const BODY = `
  const client = new pg.Client(JSON.parse(process.env.POSTGRES))
  client.connect().then(async () => {
    const { stream } = client.connection
    const before = getKeepAlive(stream)
    setKeepAlive(stream, { detectWithin: 30_000 })
    await client.query('select 1')
    console.log(JSON.stringify({ before, after: getKeepAlive(stream) }))
    await client.end()
  })`
const PROGRAMS = {
  'app.mjs': `import pg from 'pg'\nimport { getKeepAlive, setKeepAlive } from 'tcp-keepalive'\n${BODY}`,
  'app.cjs': `const pg = require('pg')\nconst { getKeepAlive, setKeepAlive } = require('tcp-keepalive')\n${BODY}`,
}
const SHOWN = {
  before: { enabled: false, time: 7_200_000, interval: 75_000, retries: 9, userTimeout: 0 },
  after: { enabled: true, time: 11_000, interval: 3000, retries: 5, userTimeout: 25_500 },
}

const machine = await startMachine()
test.after.always(() => machine.close())
let network: { lab: Lab; postgres: Postgres } | undefined
test.before(async () => {
  const lab = await openLab()
  network = { lab, postgres: await startPostgres(lab.server) }
})
test.after.always(async () => {
  await network?.postgres.stop()
  await network?.lab.close()
})

/** Runs a program of the project on the client, with PostgreSQL across the router. */
async function sets(t: ExecutionContext, project: Project, ...parameters: readonly string[]): Promise<void> {
  if (!network) throw new Error('no network')
  const { lab, postgres } = network
  const program = lab.client.spawn(process.execPath, parameters, {
    cwd: project.folder,
    env: { PATH: machine.path, POSTGRES: JSON.stringify(postgres.connection) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(program, 'close')
  const [printed, said] = await Promise.all([
    text(program.stdout ?? process.stdin),
    text(program.stderr ?? process.stdin),
    ended,
  ])
  t.is(said, '')
  t.deepEqual(JSON.parse(printed), SHOWN)
}

withPostgres(
  'npm, with scripts disabled: one binary, no other package, and both module formats work',
  async (t) => {
    const project = await machine.project(PROGRAMS)
    await project.npm('install', '--ignore-scripts', 'tcp-keepalive', 'pg')
    t.deepEqual(await readdir(join(project.folder, 'node_modules/@tcp-keepalive')), ['binding-linux-x64-gnu'])
    await sets(t, project, 'app.mjs')
    await sets(t, project, 'app.cjs')
  },
)

withPostgres('pnpm', async (t) => {
  const project = await machine.project(PROGRAMS)
  await project.node(machine.tool('pnpm', 'bin/pnpm.cjs'), 'add', '--ignore-scripts', 'tcp-keepalive', 'pg')
  await sets(t, project, 'app.mjs')
  await sets(t, project, 'app.cjs')
})

withPostgres('yarn 1', async (t) => {
  const project = await machine.project(PROGRAMS)
  await project.node(machine.tool('yarn1', 'bin/yarn.js'), 'add', '--ignore-scripts', 'tcp-keepalive', 'pg')
  await sets(t, project, 'app.mjs')
  await sets(t, project, 'app.cjs')
})

withPostgres('current yarn, with node_modules', async (t) => {
  const project = await machine.project({
    ...PROGRAMS,
    '.yarnrc.yml': 'nodeLinker: node-modules\n',
    'yarn.lock': '',
  })
  await project.node(machine.tool('yarn', 'bin/yarn.js'), 'add', 'tcp-keepalive', 'pg')
  await sets(t, project, 'app.mjs')
})

withPostgres("current yarn, with Plug'n'Play", async (t) => {
  const project = await machine.project({
    ...PROGRAMS,
    '.yarnrc.yml': 'nodeLinker: pnp\npnpEnableEsmLoader: true\n',
    'yarn.lock': '',
  })
  await project.node(machine.tool('yarn', 'bin/yarn.js'), 'add', 'tcp-keepalive', 'pg')
  await sets(t, project, '--require', './.pnp.cjs', 'app.cjs')
  await sets(
    t,
    project,
    '--no-warnings',
    '--require',
    './.pnp.cjs',
    '--loader',
    './.pnp.loader.mjs',
    'app.mjs',
  )
})

test("current yarn, with Plug'n'Play, when another system's binary is installed", async (t) => {
  const project = await machine.project({
    'app.cjs':
      "try { require('tcp-keepalive').systemKeepAlive() } catch ({ message }) { console.log(message) }",
    '.yarnrc.yml': 'nodeLinker: pnp\nsupportedArchitectures:\n  os: [darwin]\n  cpu: [arm64]\n',
    'yarn.lock': '',
  })
  await project.node(machine.tool('yarn', 'bin/yarn.js'), 'add', 'tcp-keepalive')
  const [first, , name, cause, ...advice] = (await project.node('--require', './.pnp.cjs', 'app.cjs')).split(
    '\n',
  )
  t.is(first, 'The native binary of tcp-keepalive is missing.')
  t.is(name, '  Package: @tcp-keepalive/binding-linux-x64-gnu')
  t.regex(cause ?? '', /^  Cause: .*package missing from disk/) // Yarn's own text, in which MODULE_NOT_FOUND is the code
  t.regex(advice.join(), /yarn install.*supportedArchitectures/)
})

withPostgres('esbuild, with the binary kept external', async (t) => {
  const project = await machine.project(PROGRAMS)
  await project.npm('install', '--ignore-scripts', 'tcp-keepalive', 'pg')
  const settings = ['--bundle', '--platform=node', '--external:@tcp-keepalive/*', '--external:pg-native']
  await project.node(machine.tool('esbuild', 'bin/esbuild'), 'app.mjs', ...settings, '--outfile=bundle.cjs')
  t.true((await readFile(join(project.folder, 'bundle.cjs'), 'utf8')).includes('ERR_TCP_KEEPALIVE_NOT_TCP'))
  await sets(t, project, 'bundle.cjs')
})

withPostgres('esbuild with its own conditions, a program that imports and requires: one state', async (t) => {
  const program = `
    import pg from 'pg'
    import { getKeepAlive, setKeepAlive, TcpKeepAliveError } from 'tcp-keepalive'
    import { installKeepAlive, TcpKeepAliveError as Required } from './required.cjs'
    const installed = installKeepAlive({ time: 9000 })
    try { setKeepAlive(1, { idle: 1 }) } catch (error) {
      if (!(error instanceof TcpKeepAliveError) || !(error instanceof Required)) throw error
    }
    installed.uninstall()
    ${BODY}`
  const project = await machine.project({
    'app.mjs': program,
    'required.cjs': "module.exports = { ...require('tcp-keepalive') }",
  })
  await project.npm('install', '--ignore-scripts', 'tcp-keepalive', 'pg')
  for (const conditions of [[], ['--conditions=production']]) {
    await project.node(
      machine.tool('esbuild', 'bin/esbuild'),
      'app.mjs',
      '--bundle',
      '--platform=node',
      '--external:@tcp-keepalive/*',
      '--external:pg-native',
      '--outfile=bundle.cjs',
      ...conditions,
    )
    await sets(t, project, 'bundle.cjs')
  }
})

for (const app of ['app.mjs', 'app.cjs']) {
  withPostgres(`ncc, which includes the binary (${app})`, async (t) => {
    const project = await machine.project(PROGRAMS)
    await project.npm('install', '--ignore-scripts', 'tcp-keepalive', 'pg')
    await project.node(machine.tool('ncc', 'dist/ncc/cli.js'), 'build', app, '--out', 'out')
    await rm(join(project.folder, 'node_modules'), { recursive: true })
    await sets(t, project, app.replace('app', 'out/index'))
  })
}

withPostgres('webpack, with the binary kept external', async (t) => {
  const build = `
    const webpack = require(${JSON.stringify(machine.tool('webpack', 'lib/index.js'))})
    webpack({
      mode: 'production', target: 'node', entry: './app.mjs', context: __dirname,
      output: { path: __dirname, filename: 'bundle.cjs' },
      externals: [/^@tcp-keepalive\\//, 'pg-native'],
      externalsType: 'commonjs',
    }, (error, stats) => {
      if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exit(1) }
    })`
  const project = await machine.project({ ...PROGRAMS, 'build.cjs': build })
  await project.npm('install', '--ignore-scripts', 'tcp-keepalive', 'pg')
  await project.node('build.cjs')
  await sets(t, project, 'bundle.cjs')
})
