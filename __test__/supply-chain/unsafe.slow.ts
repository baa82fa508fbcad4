/** The list of every `unsafe` is made from text. Here the compiler reports where it sees one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { ROOT } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'
import { unsafeOfCrates } from '../../scripts/supply-chain/unsafe.ts'

interface Message {
  readonly reason: string
  readonly package_id?: string
  readonly message?: {
    readonly code: { readonly code: string } | null
    readonly spans: ReadonlyArray<{ readonly file_name: string; readonly line_start: number }>
  }
}

test('the list has every `unsafe` that the compiler finds on this system', async (t) => {
  t.timeout(1_800_000, 'everything is compiled once more')
  const targetFolder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-unsafe-'))
  t.teardown(() => rmSync(targetFolder, { recursive: true }))
  const printed = await run(
    'cargo',
    ['check', '--quiet', '--locked', '--message-format=json', '--package=tcp-keepalive-node'],
    {
      cwd: ROOT,
      environment: {
        ...process.env,
        CARGO_ENCODED_RUSTFLAGS: '--force-warn=unsafe_code',
        CARGO_TARGET_DIR: targetFolder,
      },
    },
  )
  const compiler = printed
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Message)
    .filter(({ message, package_id: id }) => message?.code?.code === 'unsafe_code' && id?.startsWith('path+'))
    .flatMap(({ message }) => message?.spans ?? [])
    .map((span) => `${span.file_name}:${span.line_start}`)
  const listed = new Set((await unsafeOfCrates()).map(({ file, line }) => `${file}:${line}`))
  t.true(compiler.length > 0)
  for (const place of compiler) t.true(listed.has(place), place)
})
