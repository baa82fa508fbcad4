/** Several test files at once download other versions of Node to a machine that has none. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import test from 'ava'
import { ROOT } from '../../lab/command.ts'
import { everyLine } from '../../lab/nodes.ts'

const FETCH = `
  import { execFileSync } from 'node:child_process'
  import { nodeOf } from './lab/nodes.ts'
  process.stdout.write(execFileSync(await nodeOf(process.env.VERSION), ['--version']))`

test('everyone who gets the program of a version gets all of it, also during a download by others', async (t) => {
  t.timeout(1_800_000, 'it is fetched over the network')
  const cache = await mkdtemp(join(tmpdir(), 'tcp-keepalive-nodes-'))
  t.teardown(() => rm(cache, { recursive: true }))
  const [version = ''] = everyLine
  const shown = await Promise.all(
    Array.from({ length: 3 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index * 1000))
      const words = ['--import=ts-blank-space/register', '--input-type=module', '--eval', FETCH]
      const child = spawn(process.execPath, words, {
        cwd: ROOT,
        env: { ...process.env, KEEPALIVE_CACHE: cache, VERSION: version },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const ended = once(child, 'close')
      const [printed, said] = await Promise.all([text(child.stdout), text(child.stderr), ended])
      return printed || said
    }),
  )
  t.deepEqual(
    shown,
    Array.from({ length: 3 }, () => `v${version}\n`),
  )
  t.deepEqual(await readdir(join(cache, 'runtimes')), [`node-${process.platform}-${process.arch}@${version}`])
})
