import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineConfig, type Rolldown, type UserConfig } from 'tsdown'

const here = (...path: string[]): string => join(import.meta.dirname, ...path)

const common: UserConfig = {
  platform: 'node',
  target: 'node18',
  outDir: 'dist',
  deps: { neverBundle: [/^tcp-keepalive/, './implementation.cjs'] }, // what is loaded when it is needed
}

/**
 * The entry of the package, index, is small, as it is read and parsed at every start. It is there for each format: an ES module
 * is loaded fastest by an ES module, a CommonJS file by a CommonJS file. Both load one implementation at the first call, so that
 * a program in which both are used has one state.
 */
const config: UserConfig[] = defineConfig([
  file('index', 'index.ts', 'cjs'),
  file('index', 'index.ts', 'esm', {
    'read-implementation.ts': here('src/read-implementation-from-module.ts'),
  }),
  file('bundled', 'bundled.ts', 'esm', { 'index.ts': './index.cjs' }),
  file('implementation', 'implementation.ts', 'cjs', {
    'hold/outcome.ts': './index.cjs',
    'settings/tcp-keepalive-error.ts': './index.cjs',
  }),
  file('register', 'register.ts', 'cjs'),
  file('cli', 'cli/main.ts', 'cjs', {
    'inspect/warnings.ts': './implementation.cjs',
    'settings/address-text.ts': './implementation.cjs',
    'settings/duration.ts': './implementation.cjs',
    'settings/detection.ts': './implementation.cjs',
  }),
  { ...types('index', 'api.ts'), hooks: { 'build:done': writeModuleTypes } },
  types('register', 'register.ts'),
])

export default config

/**
 * A file of code, from a source and all that it imports, except what is found in another file at run time. It is as small as
 * it can be; the functions of the entry keep their names, for whoever reads a stack trace.
 *
 * @param elsewhere source files, and which file of code has what they export, or which source stands for them
 */
function file(
  name: string,
  source: string,
  format: 'cjs' | 'esm',
  elsewhere: Readonly<Record<string, string>> = {},
): UserConfig {
  return {
    ...common,
    entry: { [name]: join('src', source) },
    format,
    dts: false,
    minify: {
      compress: true,
      mangle: { keepNames: source === 'index.ts' },
      codegen: { removeWhitespace: true },
    },
    outputOptions: (options) => ({ ...options, comments: false }), // they are in the types, for those who read them
    plugins: [inOtherFiles(elsewhere), requireOfBundler(), aLineForEachFunction()],
  }
}

function types(name: string, source: string): UserConfig {
  return {
    ...common,
    entry: { [name]: join('src', source) },
    format: 'esm',
    outExtensions: () => ({ dts: '.d.cts' }),
    dts: { oxc: true, emitDtsOnly: true },
  }
}

/** Of the ES module, which gives the same. */
async function writeModuleTypes(): Promise<void> {
  await writeFile(here('dist/index.d.mts'), "export * from './index.cjs'\n")
}

function inOtherFiles(elsewhere: Readonly<Record<string, string>>): Rolldown.Plugin {
  const files = new Map(Object.entries(elsewhere).map(([source, id]) => [here('src', source), id]))
  const found = new Set<string>()
  return {
    name: 'in-other-files',
    async resolveId(source, importer) {
      const resolved = await this.resolve(source, importer, { skipSelf: true })
      const id = files.get(resolved?.id ?? '')
      if (resolved === null || id === undefined) return undefined
      found.add(resolved.id)
      return { id, external: id.startsWith('.') }
    },
    buildEnd() {
      const missed = [...files.keys()].filter((source) => !found.has(source))
      if (missed.length > 0) this.error(`nothing imports ${missed.join(', ')}`)
    },
  }
}

/** `require` in an ES module, which only bundlers know: rolldown would put one of its own in its place. */
function requireOfBundler(): Rolldown.Plugin {
  return {
    name: 'require-of-bundler',
    generateBundle(_, bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type === 'chunk') output.code = output.code.replaceAll('requireOfBundler', 'require')
      }
    },
  }
}

/** Node prints the line that an error was thrown in. */
function aLineForEachFunction(): Rolldown.Plugin {
  return {
    name: 'a-line-for-each-function',
    generateBundle(_, bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type === 'chunk')
          output.code = output.code.replaceAll(/(?<=[;}])(?=(async )?function \w)/g, '\n')
      }
    },
  }
}
