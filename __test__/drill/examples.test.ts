/** examples/drill: the tests that a project copies into its own suite, against real servers. */
import { text } from 'node:stream/consumers'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { openServers, withBoth } from './real-servers.ts'

withBoth('node:test: pg and ioredis answer again within 30 s', async (t) => {
  t.timeout(180_000)
  const { lab, env } = await openServers(t)
  const file = join(ROOT, 'examples/drill/node-test.test.mjs')
  const program = lab.client.spawn(process.execPath, ['--test', '--test-reporter=tap', file], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [printed] = await Promise.all([text(program.stdout as NodeJS.ReadableStream), once(program, 'exit')])
  t.is(program.exitCode, 0, printed)
  t.regex(printed, /^# pass 2$/m)
  t.regex(printed, /^# fail 0$/m)
  // Each waited for the kernel, because its connection was cut off.
  const durations = [...printed.matchAll(/^ +duration_ms: ([\d.]+)/gm)].map(([, ms]) => Number(ms))
  t.true(durations.filter((ms) => ms > 20_000).length >= 2, printed)
})
