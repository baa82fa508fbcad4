/**
 * TCP_KEEPALIVE_LOG=1 prints a line on standard error for each lost connection and each refused value. Without it nothing is
 * printed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { adoptedLine, failureLine } from '../../src/entry/log.ts'
import { swallowing } from '../deadline/swallowed.ts'
import { unless } from '../needs.ts'
import { preloadUnavailable } from '../../lab/preload.ts'
import { refusing } from './refuse.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux can cut a connection off.')
const program = fileURLToPath(new URL('log-program.cjs', import.meta.url))

/** The program's standard error. */
async function logged(args: readonly string[], variables: Readonly<Record<string, string>>): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '', TCP_KEEPALIVE_DETECT_WITHIN: '5s', ...variables }
  const options = ['--no-warnings', '--import=tcp-keepalive/register', program]
  const child = spawn(process.execPath, [...options, ...args], {
    env,
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const [said] = await Promise.all([text(child.stderr), once(child, 'close')])
  return said
}

const LOG = { TCP_KEEPALIVE_LOG: '1' }

for (const doing of ['waiting', 'writing']) {
  onLinux(`a line for a dead peer, ${doing}`, async (t) => {
    t.regex(
      await logged([doing], LOG),
      /^tcp-keepalive: lost localhost:\d+ \(127\.0\.0\.1\) while \w+: no answer, silent for \d+\.\d s \(ETIMEDOUT\)\n$/,
    )
    t.regex(await logged([doing], LOG), new RegExp(` while ${doing}: `))
  })
}

onLinux('a line for an attempt to connect to an address that does not answer', async (t) => {
  const port = await swallowing(t, '127.0.0.1')
  t.is(
    await logged(['connecting', String(port)], LOG),
    `tcp-keepalive: lost localhost:${port} (127.0.0.1) while connecting: no answer (ETIMEDOUT)\n`,
  )
})

onLinux('without TCP_KEEPALIVE_LOG nothing is printed', async (t) => {
  t.is(await logged(['waiting'], {}), '')
  t.is(await logged(['waiting'], { TCP_KEEPALIVE_LOG: '0' }), '')
})

unless(preloadUnavailable())('a line for a value that the system refuses', async (t) => {
  const said = await logged(['waiting'], { ...LOG, ...refusing(t, { refuse: ['TCP_USER_TIMEOUT'] }) })
  t.regex(
    said,
    /^tcp-keepalive: 127\.0\.0\.1:\d+ did not get TCP_USER_TIMEOUT: setsockopt TCP_USER_TIMEOUT EPERM/,
  )
})

test('a line for a failure on a connection that no hook saw', (t) => {
  const peer = { host: '10.0.0.5', address: '10.0.0.5', port: 5432 }
  const error = Object.assign(new Error('setsockopt EPERM'), { option: 'TCP_KEEPIDLE' })
  const line = '10.0.0.5:5432 did not get TCP_KEEPIDLE: setsockopt EPERM'
  t.is(failureLine({ target: { descriptor: 7, peer }, error }), line)
  t.is(failureLine({ target: peer, error }), line)
  t.is(
    failureLine({ target: new Socket(), error }),
    'a connection did not get TCP_KEEPIDLE: setsockopt EPERM',
  )
})

test('a line for a connection that was adopted', (t) => {
  t.is(adoptedLine({ host: undefined, address: '10.0.0.5', port: 5432 }), 'adopted 10.0.0.5:5432')
  t.is(
    adoptedLine({ host: 'db.internal', address: 'fd00::5', port: 5432 }),
    'adopted db.internal:5432 (fd00::5)',
  )
})
