import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A build of the binding with a function that panics: a given one, or one that is made here. */
function bindingThatPanics(t: ExecutionContext): string {
  const given = process.env['TCP_KEEPALIVE_PANIC_BINARY']
  if (given !== undefined) return given
  const targetFolder = join(root, 'target/misbehave')
  const parameters = ['build', '--quiet', '--locked', '--release', '--package=tcp-keepalive-misbehave']
  execFileSync('cargo', [...parameters, `--target-dir=${targetFolder}`], { cwd: root })
  const library = { darwin: 'libtcp_keepalive_misbehave.dylib', win32: 'tcp_keepalive_misbehave.dll' }
  const name = library[process.platform as keyof typeof library] ?? 'libtcp_keepalive_misbehave.so'
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-panic-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const binding = join(folder, 'panics.node')
  copyFileSync(join(targetFolder, 'release', name), binding)
  return binding
}

test('a panic in the binding is a JavaScript error, and the process continues', (t) => {
  t.timeout(1_200_000, 'the binding is compiled once more')
  const program = `
    const binding = require(${JSON.stringify(bindingThatPanics(t))})
    for (let round = 0; round < 2; round += 1) {
      try { binding.panicOnPurpose() } catch (error) { console.log(error instanceof Error, error.message) }
    }
    console.log(binding.systemKeepAlive(new Int32Array(5)))`
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--eval', program], {
    encoding: 'utf8',
  })
  t.is(signal, null, stderr)
  t.is(status, 0, stderr)
  const told = 'true on purpose: panic_on_purpose was called'
  t.deepEqual(stdout.trim().split('\n'), [told, told, '0'])
})
