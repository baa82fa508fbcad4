/**
 * The sources are built as CommonJS and load what takes time with `require`, where it is first needed. Tests that import
 * them as they are, as ES modules, find it here.
 */
import { createRequire } from 'node:module'

Object.assign(globalThis, { require: createRequire(import.meta.url) })
