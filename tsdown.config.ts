import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineConfig, type Rolldown, type UserConfig } from 'tsdown'

const common: UserConfig = {
  platform: 'node',
  target: 'node18',
  outDir: 'dist',
  deps: { neverBundle: [/^tcp-keepalive/, './implementation.cjs'] }, // what is loaded when it is needed
}

/**
 * The doors are small, as they are read and parsed at every start, and there is one for each format, which Node loads faster
 * than the other's. There is one implementation, in CommonJS, which they load at the first call: a program in which both doors are
 * used still has one state.
 */
const config: UserConfig[] = defineConfig([
  file('index', 'index.ts', 'cjs'),
  file('index', 'index.ts', 'esm'),
  file('bundled', 'bundled.ts', 'esm', { 'index.ts': './index.cjs' }),
  file('implementation', 'implementation.ts', 'cjs', {
    'settings/capabilities.ts': './index.cjs',
    'settings/tcp-keepalive-error.ts': './index.cjs',
  }),
  file('register', 'register.ts', 'cjs'),
  file('cli', 'cli/main.ts', 'cjs', { 'implementation.ts': './implementation.cjs' }),
  { ...types('index', 'api.ts'), hooks: { 'build:done': writeModuleTypes } },
  types('register', 'register.ts'),
])

export default config

/**
 * A file of code, from a source and all that it imports, except what is found in another file at run time. It is as small as
 * it can be; the functions of the doors keep their names, for whoever reads a stack trace.
 *
 * @param elsewhere source files, and which file of code has what they export
 */
function file(
  name: string,
  source: string,
  format: 'cjs' | 'esm',
  elsewhere: Readonly<Record<string, string>> = {},
): UserConfig {
  return {
    entry: { [name]: join('src', source) },
    format,
    dts: false,
    minify: {
      compress: true,
      mangle: { keepNames: source === 'index.ts' },
      codegen: { removeWhitespace: true },
    },
    outputOptions: (options) => ({ ...options, comments: false }), // they are in the types, for those who read them
    plugins: [inOtherFiles(elsewhere)],
    ...common,
  }
}

function types(name: string, source: string): UserConfig {
  return {
    entry: { [name]: join('src', source) },
    format: 'esm',
    outExtensions: () => ({ dts: '.d.cts' }),
    dts: { oxc: true, emitDtsOnly: true },
    ...common,
  }
}

/** Of the ES module, which gives the same. */
async function writeModuleTypes(): Promise<void> {
  await writeFile('dist/index.d.mts', "export * from './index.cjs'\n")
}

function inOtherFiles(elsewhere: Readonly<Record<string, string>>): Rolldown.Plugin {
  const files = new Map(
    Object.entries(elsewhere).map(([source, id]) => [join(import.meta.dirname, 'src', source), id]),
  )
  return {
    name: 'in-other-files',
    async resolveId(source, importer) {
      const resolved = await this.resolve(source, importer, { skipSelf: true })
      const id = files.get(resolved?.id ?? '')
      return id === undefined ? undefined : { id, external: true }
    },
  }
}
