/**
 * Every test file loads this first. The sources are built as CommonJS, and load slow parts with `require` when they are first
 * needed. Tests import the sources as ES modules, and find `require` here.
 */
import { createRequire } from 'node:module'
import { givenSeed } from './seed.ts'

Object.assign(globalThis, { require: createRequire(import.meta.url) })

// Without a seed fast-check draws one for each property, and prints it if the property fails.
if (givenSeed !== undefined) {
  const { default: fc } = await import('fast-check')
  fc.configureGlobal({ seed: givenSeed })
}
