import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineConfig, type Rolldown, type UserConfig } from 'tsdown'

const here = (...path: string[]): string => join(import.meta.dirname, ...path)

/**
 * The modules that the implementation takes from the CommonJS entry file instead of bundling them again: that file is always loaded
 * first. The command line requires the entry file by its path, because finding a package by its name takes Node a millisecond.
 */
const INDEX = Object.fromEntries(
  [here('src/hold/outcome.ts'), here('src/settings/tcp-keepalive-error.ts'), 'tcp-keepalive'].map(
    (source) => [source, './index.cjs'],
  ),
)

/** The file with the code that the others share. rolldown would name it after one of its modules. */
const SHARED: Readonly<Record<string, string>> = { address: 'values' }

/** These are required at run time, not bundled. */
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
 * Each entry file is small, because Node reads and parses it at every start. At the first call it loads one of the other files, which
 * the command line uses too:
 *
 * - core: sets and reads values;
 * - settings: only computes (planKeepAlive; register may also read it at the start);
 * - implementation: everything that only some programs call;
 * - values: the code that these three share.
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

/** Minified. The functions of the entry files keep their names, so that stack traces stay readable. */
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
    inputOptions: { makeAbsoluteExternalsRelative: false, preserveEntrySignatures: 'allow-extension' }, // code that two entries share then goes into one of them
    outputOptions: (options) => ({
      ...options,
      paths: { ...paths },
      chunkFileNames: ({ name }) => `${SHARED[name] ?? name}.cjs`, // without a hash, so that the name is always the same
      comments: false, // the documentation is in the types
      polyfillRequire: false,
    }),
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

/** Writes the types of the ES module, which exports the same names, and all of them as the default. */
async function writeModuleTypes(): Promise<void> {
  const text = `import * as all from './index.cjs'\nexport * from './index.cjs'\nexport { all as default }\n`
  await writeFile(here('dist/index.d.mts'), text)
}

/** Puts each function on a line of its own, because for an uncaught error Node prints the whole line that threw it. */
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

/** rolldown makes each file require the file with its helpers. These files need no helper, so they load without that file. */
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

/** rolldown exports shared names by getters, in case a value changes. No module here exports a `let`, so plain exports are enough. */
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
