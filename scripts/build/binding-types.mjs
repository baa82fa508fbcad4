/** Checks index.d.ts without a build of the binding, with a file of types that napi's macros have written. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { generateTypeDef } from '@napi-rs/cli'
import { root } from '../ready.mjs'

const [noted] = process.argv.slice(2)
// A copy in a folder of its own, because the file of crates/misbehave is next to it.
const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-types-'))
try {
  // clippy compiles the crate twice, once for its tests, so lines can be there twice.
  const lines = new Set(readFileSync(noted, 'utf8').split('\n'))
  writeFileSync(join(folder, basename(noted)), [...lines].join('\n'))
  const { dts } = await generateTypeDef({ typeDefDir: folder, cwd: root })
  if (dts !== readFileSync(join(root, 'index.d.ts'), 'utf8')) {
    console.log('index.d.ts is not up to date: run `npm run build -- native`')
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}
