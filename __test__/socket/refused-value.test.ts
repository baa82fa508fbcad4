/** Values that pass every check of this package, but which the kernel refuses or does not hold. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { preloadLibrary, preloadUnavailable } from '../../lab/preload.ts'
import { unless } from '../needs.ts'

/** The numbers in linux/tcp.h, by the name in the error. */
const OPTIONS = { TCP_KEEPIDLE: 4, TCP_KEEPINTVL: 5, TCP_KEEPCNT: 6, TCP_USER_TIMEOUT: 18 }

/** Prints what is thrown for a connected socket, and what is reported for one that is not connected yet. */
const PROGRAM = `
  const net = require('node:net')
  const { subscribe } = require('node:diagnostics_channel')
  const { setKeepAlive } = require('tcp-keepalive')
  const values = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }
  const show = (error) => console.log(error.code, error.errno, error.syscall, error.option)
  subscribe('tcp-keepalive:error', ({ error }) => show(error))
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const socket = net.connect(server.address().port, '127.0.0.1')
    setKeepAlive(socket, values)
    socket.once('connect', () => {
      try { setKeepAlive(socket, values) } catch (error) { show(error) }
      socket.destroy()
      server.close()
    })
  })`

/** The library that refuses a value (refuse-value.c) is written for Linux. */
const compiled = process.platform === 'linux' ? unless(preloadUnavailable()) : test.skip

const SOURCE = new URL('refuse-value.c', import.meta.url)

function run(
  library: string,
  words: readonly string[],
  variables: Readonly<Record<string, string>>,
): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, ['--no-warnings', ...words], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { ...process.env, LD_PRELOAD: library, ...variables },
  })
}

compiled("a value that the kernel refuses is EINVAL with the option, at once and at 'connect'", (t) => {
  const library = preloadLibrary(t, SOURCE)
  for (const [name, number] of Object.entries(OPTIONS)) {
    const { stdout, stderr } = run(library, ['-e', PROGRAM], { REFUSE_VALUE_OF: String(number) })
    t.is(stdout, `EINVAL -22 setsockopt ${name}\n`.repeat(2), stderr)
  }
})

compiled('with REQUIRED, a value that the kernel accepts but does not hold is named', (t) => {
  const library = preloadLibrary(t, SOURCE)
  for (const [name, number] of Object.entries(OPTIONS)) {
    const { status, stderr } = run(library, ['--require', 'tcp-keepalive/register', '-e', ''], {
      IGNORE_VALUE_OF: String(number),
      TCP_KEEPALIVE_REQUIRED: '1',
      TCP_KEEPALIVE_DETECT_WITHIN: '30s',
    })
    const why = `setsockopt ${name} UNKNOWN: the system took the value, but holds another`
    t.is(stderr, `tcp-keepalive: ${why}; this program is stopped\n`)
    t.is(status, 1)
  }
})
