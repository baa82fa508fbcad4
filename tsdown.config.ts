import { defineConfig, type UserConfig } from 'tsdown'

/** What is imported is read and parsed each time, and packed beside a binary, so it is as small as it can be. */
const small = { compress: true, mangle: true, codegen: { removeWhitespace: true } } as const

/**
 * One implementation, in CommonJS, which `import` and `require` both load: a program in which both are used still has one
 * state, and a file less to read. Each door is one file; what both need is requested by the package's name.
 */
function door(name: string): UserConfig {
  return {
    entry: [`src/${name}.ts`],
    format: 'cjs',
    platform: 'node',
    target: 'node18',
    outDir: 'dist',
    minify: small,
    dts: { oxc: true },
    outputOptions: (options) => ({ ...options, comments: false }), // they are in the types, for those who read them
    deps: { neverBundle: [/^tcp-keepalive/] },
  }
}

/** The command line is a program of its own, so that the doors do not get larger by it. */
const commandLine: UserConfig = {
  entry: { cli: 'src/cli/main.ts' },
  format: 'cjs',
  platform: 'node',
  target: 'node18',
  outDir: 'dist',
  dts: false,
  outputOptions: (options) => ({ ...options, comments: false }),
  deps: { neverBundle: [/^tcp-keepalive/] },
}

const config: UserConfig[] = defineConfig([door('index'), door('register'), commandLine])

export default config
