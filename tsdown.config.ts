import { writeFile } from 'node:fs/promises'
import { defineConfig, type UserConfig } from 'tsdown'

/**
 * One implementation, in CommonJS, which both module formats share: a program in which both are loaded still has one
 * state. The ES module only re-exports it.
 */
const config: UserConfig = defineConfig({
  entry: ['src/index.ts'],
  format: 'cjs',
  platform: 'node',
  target: 'node18',
  outDir: 'dist',
  dts: { oxc: true },
  deps: { neverBundle: [/^tcp-keepalive/] },
  hooks: {
    async 'build:done'() {
      await writeFile('dist/index.mjs', "export * from './index.cjs'\n")
      await writeFile('dist/index.d.mts', "export * from './index.cjs'\n")
    },
  },
})

export default config
