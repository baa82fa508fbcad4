/** The measured package as a program gets it: built, with the binary that `npm run bench` has chosen. */
import { createRequire } from 'node:module'
import type * as entry from '../src/index.ts'
import type * as binding from '../index.js'

const require = createRequire(import.meta.url)

export const ours = require('tcp-keepalive') as typeof entry
export const native = require('tcp-keepalive/native') as typeof binding
