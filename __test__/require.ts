/**
 * What every test file starts with. The sources are built as CommonJS and load what takes time with `require`, where it is
 * first needed. Tests that import them as they are, as ES modules, find it here.
 */
import { createRequire } from 'node:module'
import { givenSeed } from './seed.ts'

Object.assign(globalThis, { require: createRequire(import.meta.url) })

// Without a seed fast-check draws one for each property, and names it where the property does not hold.
if (givenSeed !== undefined) {
  const { default: fc } = await import('fast-check')
  fc.configureGlobal({ seed: givenSeed })
}
