/** Test files for each test runner: the same tests, with the functions of the runner. */

export interface Dialect {
  readonly esm: boolean
  /** Imports `test` into each file, and what the other snippets need. */
  readonly head: string
  /** Expressions: fake all timers, advance the time, run every timer, and restore the timers. */
  readonly timers: {
    readonly fake: string
    readonly pass: string
    readonly all: string
    readonly real: string
  }
  /** A statement after which the package is loaded again. */
  readonly reset: string
  /** Whether it is then another copy. vitest only resets modules that it transforms itself. */
  readonly copies: boolean
}

/** The number of tests. */
export const TESTS = 5

const CONNECT = `
async function connect() {
  const server = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const socket = await new Promise((resolve, reject) => {
    const connecting = net.connect(server.address().port, '127.0.0.1', () => resolve(connecting))
    connecting.on('error', reject)
  })
  return { socket, close: () => { socket.destroy(); server.close() } }
}
`

/** In the order in which they must run, in one worker. */
export function programs(dialect: Dialect): Readonly<Record<string, string>> {
  const { esm, head, timers, reset, copies } = dialect
  const from = (name: string, module: string): string =>
    esm ? `import ${name} from '${module}'\n` : `const ${name} = require('${module}')\n`
  const file = (imports: string, body: string): string =>
    `${head}\n${from('assert', 'node:assert/strict')}${from('net', 'node:net')}${imports}${CONNECT}${body}`
  const load = esm ? "await import('tcp-keepalive')" : "require('tcp-keepalive')"
  const end = esm ? 'mjs' : 'cjs'
  return {
    // A program that installs at its start, and ends with its process.
    [`1-install.test.${end}`]: file(
      from('{ installKeepAlive }', 'tcp-keepalive'),
      `test('an install is left behind', () => { installKeepAlive(30_000) })`,
    ),
    [`2-connect.test.${end}`]: file(
      '',
      `test('a file that only connects gets its callback', async () => {
        const { socket, close } = await connect()
        socket.setKeepAlive(true, 5000)
        close()
      })`,
    ),
    [`3-read.test.${end}`]: file(
      from('{ getKeepAlive }', 'tcp-keepalive'),
      `test('the install that was left behind still holds', async () => {
        const { socket, close } = await connect()
        socket.setKeepAlive(true, 5000)
        const { time, interval, retries } = getKeepAlive(socket)
        close()
        assert.deepEqual([time, interval, retries], [30_000, 10_000, 3])
      })`,
    ),
    [`4-timers.test.${end}`]: file(
      from('{ getKeepAlive, holdKeepAlive, installKeepAlive }', 'tcp-keepalive'),
      `test('fake timers', async () => {
        ${timers.fake}
        try {
          const installed = installKeepAlive({ detectWithin: 20_000 })
          const { socket, close } = await connect()
          const read = () => getKeepAlive(socket).userTimeout
          const byInstall = read()
          const hold = holdKeepAlive(socket, { detectWithin: 90_000 })
          const byHold = read()
          ${timers.pass}
          ${timers.all}
          assert.equal(read(), byHold)
          hold.release()
          ${timers.all}
          assert.equal(read(), byInstall)
          assert.ok(byHold > byInstall && byInstall > 0)
          installed.uninstall()
          close()
        } finally {
          ${timers.real}
        }
      })`,
    ),
    [`5-reset.test.${end}`]: file(
      '',
      `async function timeOf({ getKeepAlive }) {
        const { socket, close } = await connect()
        const { time } = getKeepAlive(socket)
        close()
        return time
      }
      test('module reset', async () => {
        const first = ${load}
        const installed = first.installKeepAlive({ time: 40_000 })
        ${reset}
        const second = ${load}
        assert.equal(first.installKeepAlive !== second.installKeepAlive, ${copies})
        const again = second.installKeepAlive({ time: 50_000 })
        assert.equal(await timeOf(first), 50_000)
        again.uninstall()
        assert.equal(await timeOf(second), 40_000)
        installed.uninstall()
        assert.equal(await timeOf(first), 30_000)
      })`,
    ),
  }
}
