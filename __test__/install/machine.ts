/**
 * A user's machine: a registry on loopback with the packages of a release, and folders in which only Node and its package managers
 * can be run: no compiler, no Rust, no Python.
 */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pack } from '../../scripts/build/pack-all.ts'
import { publish } from '../../scripts/build/publish.ts'
import { type Registry, startRegistry } from '../../scripts/build/registry.ts'
import { run } from '../../lab/run.ts'
import { ROOT } from '../../lab/command.ts'
import { TARGETS } from '../../scripts/build/targets.ts'

/** The package managers and bundlers that a user may have, as npm packages. */
const TOOLS = {
  pnpm: 'pnpm@10.34.8',
  yarn1: 'yarn@1.22.22',
  yarn: '@yarnpkg/cli-dist@4.18.1',
  esbuild: 'esbuild@0.28.2',
  ncc: '@vercel/ncc@0.45.0',
  nft: '@vercel/nft@1.11.5',
  webpack: 'webpack@5.112.2',
  rspack: '@rspack/core@2.3.3',
  rollup: 'rollup@4.68.8',
  rollupResolve: '@rollup/plugin-node-resolve@16.0.3',
  rollupCommonjs: '@rollup/plugin-commonjs@29.0.3',
  vite: 'vite@8.3.8',
  parcel: 'parcel@2.16.4',
  postject: 'postject@1.0.0-alpha.6',
  bun: '@oven/bun-linux-x64@1.4.5',
}

export interface Machine {
  /** The only programs there: node, sh and env. */
  readonly path: string
  /** A tool's program, a path for Node to run. */
  tool(name: keyof typeof TOOLS, program: string): string
  /** A new, empty folder with these files. */
  project(files: Readonly<Record<string, string>>): Promise<Project>
  close(): Promise<void>
}

export interface Project {
  readonly folder: string
  /** Runs Node with these arguments here; resolves with what it printed. */
  node(...parameters: readonly string[]): Promise<string>
  /** Runs a program of this machine here. */
  run(program: string, ...parameters: readonly string[]): Promise<string>
  /** Runs npm here. */
  npm(...parameters: readonly string[]): Promise<string>
  /** Runs Node here with additional variables. */
  nodeWith(variables: Readonly<Record<string, string>>, ...parameters: readonly string[]): Promise<string>
}

export async function startMachine(): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-user-'))
  const registry = await startRegistry()
  const close = async (): Promise<void> => {
    await registry.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    return { ...(await furnish(folder, registry)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function furnish(folder: string, registry: Registry): Promise<Omit<Machine, 'close'>> {
  const packages = await pack(TARGETS, join(ROOT, 'artifacts'), join(folder, 'packages'))
  await publish(packages, registry.parameters)
  const npm = join(dirname(await npmCli()), 'npm-cli.js')
  const tools = join(folder, 'tools')
  const bin = join(folder, 'bin')
  await mkdir(bin, { recursive: true })
  // env: for `#!/usr/bin/env node`; sh: npm runs a package's programs with it
  for (const [name, path] of [
    ['node', process.execPath],
    ['sh', '/bin/sh'],
    ['env', '/usr/bin/env'],
  ] as const) {
    await symlink(path, join(bin, name))
  }
  const [home, temporary] = [join(folder, 'home'), join(folder, 'tmp')]
  await mkdir(home)
  await mkdir(temporary)
  const environment = {
    HOME: home,
    // Yarn, ncc and others keep caches there (/tmp/v8-compile-cache-0), which other runs and clones would share.
    TMPDIR: temporary,
    PATH: bin,
    NODE_EXTRA_CA_CERTS: process.env['NODE_EXTRA_CA_CERTS'],
    npm_config_userconfig: registry.npmrc,
    npm_config_cache: join(folder, 'cache'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    npm_config_fetch_retries: '5',
    // yarn 2 and later read no .npmrc
    YARN_NPM_REGISTRY_SERVER: registry.url,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_GLOBAL_CACHE: 'false',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    YARN_ENABLE_SCRIPTS: 'false',
    YARN_NPM_MINIMAL_AGE_GATE: '0', // by default it refuses packages published a minute ago
  }
  const options = (cwd: string, more: Readonly<Record<string, string>> = {}): Parameters<typeof run>[2] => {
    return { cwd, environment: { ...environment, ...more } }
  }
  await run(
    'node',
    [npm, 'install', '--prefix', tools, '--ignore-scripts', ...Object.values(TOOLS)],
    options(folder),
  )
  return {
    path: bin,
    tool: (name, program) => join(tools, 'node_modules', TOOLS[name].replace(/@[^@]*$/, ''), program),
    project: async (files) => {
      const cwd = await mkdtemp(join(folder, 'project-'))
      for (const [name, text] of Object.entries({ 'package.json': '{ "private": true }', ...files })) {
        await writeFile(join(cwd, name), text)
      }
      return {
        folder: cwd,
        node: (...parameters) => run('node', parameters, options(cwd)),
        run: (program, ...parameters) => run(program, parameters, options(cwd)),
        npm: (...parameters) => run('node', [npm, ...parameters], options(cwd)),
        nodeWith: (variables, ...parameters) => run('node', parameters, options(cwd, variables)),
      }
    },
  }
}

/** The path of the npm that runs this. */
async function npmCli(): Promise<string> {
  const prefix = (await run('npm', ['root', '--global'])).trim()
  const cli = join(prefix, 'npm/bin/npm-cli.js')
  await readFile(cli)
  return cli
}
