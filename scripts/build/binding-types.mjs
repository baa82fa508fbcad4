/** Whether index.d.ts is what napi writes from the types that its macros noted in a file, without a build of the binding. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { generateTypeDef } from '@napi-rs/cli'
import { root } from '../ready.mjs'

const [noted] = process.argv.slice(2)
/**
 * Of this crate alone: what crates/misbehave exports is noted beside it. The lint compiles the crate twice at a time, once for its
 * tests, so that a line may be there twice.
 */
const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-types-'))
try {
  const lines = new Set(readFileSync(noted, 'utf8').split('\n'))
  writeFileSync(join(folder, basename(noted)), [...lines].join('\n'))
  const { dts } = await generateTypeDef({ typeDefDir: folder, cwd: root })
  if (dts !== readFileSync(join(root, 'index.d.ts'), 'utf8')) {
    console.log('index.d.ts is not what `npm run build -- native` writes')
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}
