import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineConfig, type Rolldown, type UserConfig } from 'tsdown'

const here = (...path: string[]): string => join(import.meta.dirname, ...path)

/**
 * What the implementation takes from the CommonJS door, which is loaded before it, and need not have itself. The command line has
 * the whole door by its path: to find the package by its name takes Node a millisecond.
 */
const INDEX = Object.fromEntries(
  [here('src/hold/outcome.ts'), here('src/settings/tcp-keepalive-error.ts'), 'tcp-keepalive'].map(
    (source) => [source, './index.cjs'],
  ),
)

/** What the others share: rolldown names it after one of its modules. */
const SHARED: Readonly<Record<string, string>> = { address: 'values' }

/** What is found at run time. */
const ELSEWHERE = [
  /^tcp-keepalive/,
  '../index.js',
  './implementation.cjs',
  './core.cjs',
  './settings.cjs',
  './index.cjs',
  './index.mjs',
]

const common: UserConfig = {
  platform: 'node',
  target: 'node18',
  outDir: 'dist',
  deps: { neverBundle: ELSEWHERE },
}

/**
 * The doors are files of their own, as they are read and parsed at every start. What they need at once is small, and they have
 * it. The rest they read at the first call, and the command line shares it: what sets and reads (core), what only some programs
 * call (implementation), what only computes (settings: planKeepAlive, and what register may read at the start), and what these three share (values).
 */
const config: UserConfig[] = defineConfig([
  code({ index: 'src/index.ts' }, 'cjs'),
  code({ index: 'src/entry/module.ts' }, 'esm'),
  code({ bundled: 'src/entry/bundled.mjs' }, 'esm'),
  code({ register: 'src/register.ts' }, 'cjs'),
  code({ drill: 'src/drill.ts' }, 'cjs'),
  code(
    {
      implementation: 'src/entry/implementation.ts',
      core: 'src/entry/core.ts',
      settings: 'src/settings/registration.ts',
      cli: 'src/cli/main.ts',
      'drill-inside': 'src/cli/drill-inside.ts',
    },
    'cjs',
    INDEX,
  ),
  { ...types('index', 'src/entry/api.ts'), hooks: { 'build:done': writeModuleTypes } },
  types('register', 'src/register.ts'),
  types('drill', 'src/entry/drill.ts'),
])

export default config

/** As small as it can be; the functions of the package keep their names, for whoever reads a stack trace. */
function code(
  entry: Readonly<Record<string, string>>,
  format: 'cjs' | 'esm',
  paths: Readonly<Record<string, string>> = {},
): UserConfig {
  return {
    ...common,
    deps: { neverBundle: [...ELSEWHERE, ...Object.keys(paths)] },
    entry: { ...entry },
    format,
    dts: false,
    minify: {
      compress: true,
      mangle: { keepNames: 'index' in entry },
      codegen: { removeWhitespace: true },
    },
    inputOptions: { makeAbsoluteExternalsRelative: false, preserveEntrySignatures: 'allow-extension' }, // so that what two entries share goes into one of them
    outputOptions: (options) => ({
      ...options,
      paths: { ...paths },
      chunkFileNames: ({ name }) => `${SHARED[name] ?? name}.cjs`, // a name that stays the same
      comments: false,
      polyfillRequire: false,
    }), // they are in the types, for those who read them
    plugins: [aLineForEachFunction(), withoutTheRest(), withPlainExports()],
  }
}

function types(name: string, source: string): UserConfig {
  return {
    ...common,
    entry: { [name]: source },
    format: 'esm',
    outExtensions: () => ({ dts: '.d.cts' }),
    dts: { oxc: true, emitDtsOnly: true },
  }
}

/** Of the ES modules, which give the same and a default. */
async function writeModuleTypes(): Promise<void> {
  const text = `import * as all from './index.cjs'\nexport * from './index.cjs'\nexport { all as default }\n`
  await writeFile(here('dist/index.d.mts'), text)
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

/** rolldown has each file require the one with its helpers; these need none, and are read without the rest. */
function withoutTheRest(): Rolldown.Plugin {
  const needless =
    /(?<=^|[;\n])require\(`\.\/implementation\.cjs`\);|,require\(`\.\/implementation\.cjs`\)(?=;)/
  return {
    name: 'without-the-rest',
    generateBundle(_, bundle) {
      for (const name of ['core.cjs', 'settings.cjs', 'values.cjs']) {
        const output = bundle[name]
        if (output?.type === 'chunk') output.code = output.code.replace(needless, '')
      }
    },
  }
}

/** rolldown gives what files share by getters, as it might change. Nothing does here: no module exports a `let`. */
function withPlainExports(): Rolldown.Plugin {
  const getter =
    /Object\.defineProperty\(exports,`(\w+|\$)`,\{enumerable:!0,get:function\(\)\{return ([\w$]+)\}\}\)/g
  return {
    name: 'with-plain-exports',
    generateBundle(_, bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type === 'chunk') output.code = output.code.replaceAll(getter, 'exports.$1=$2')
      }
    },
  }
}
