import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import test from 'ava'
import { setKeepAlive, systemKeepAlive } from 'tcp-keepalive'
import * as native from 'tcp-keepalive/native'
import { statusError } from '../src/socket/errors.ts'
import { openLab } from '../lab/network/lab.ts'
import { withLab } from './needs.ts'
import { connectedPair, rawDescriptor, readback, UNTOUCHED, witness } from '../lab/readback/readback.ts'

withLab('the system defaults are 7200 s, 75 s and 9 if nobody has changed them', async (t) => {
  const lab = await openLab(t) // a new network namespace, with the kernel's own settings
  const defaults = await lab.client.run(async () => {
    const { systemKeepAlive } = await import('tcp-keepalive')
    return systemKeepAlive()
  })
  t.deepEqual(defaults, { enabled: false, time: 7_200_000, interval: 75_000, retries: 9, userTimeout: 0 })
})

test("the system defaults are read from this machine's settings", (t) => {
  const { time, interval, retries } = systemKeepAlive()
  t.deepEqual(
    [time, interval, retries],
    [UNTOUCHED.time * 1000, UNTOUCHED.interval * 1000, UNTOUCHED.retries],
  )
})

test('the error names an option that the kernel refuses, and nothing is changed', async (t) => {
  // Multipath TCP has no user timeout (net/mptcp/sockopt.c).
  const program = `
    const { getKeepAlive, setKeepAlive } = require('tcp-keepalive')
    const before = getKeepAlive(3)
    try {
      setKeepAlive(3, { time: 9000, interval: 9000, retries: 9, userTimeout: 9000 })
    } catch ({ message, code, errno, syscall, option }) {
      console.log(JSON.stringify({ before, after: getKeepAlive(3), error: { message, code, errno, syscall, option } }))
    }`
  const { status, stdout } = spawnSync(witness('multipath'), [process.execPath, '-e', program], {
    encoding: 'utf8',
  })
  t.not(status, 77, 'this kernel has no Multipath TCP')
  const { before, after, error } = JSON.parse(stdout) as Record<string, unknown>
  t.deepEqual(after, before)
  t.deepEqual(error, {
    message: 'setsockopt TCP_USER_TIMEOUT ENOPROTOOPT: this socket does not have the option',
    code: 'ENOPROTOOPT',
    errno: -92,
    syscall: 'setsockopt',
    option: 'TCP_USER_TIMEOUT',
  })
})

for (const [n, time, interval] of [
  [10, 10, 3],
  [2, 2, 1],
] as const) {
  test(`one number on a raw descriptor: ${n} s is ${time}/${interval}/3`, async (t) => {
    const { client, close } = await connectedPair()
    t.teardown(close)
    setKeepAlive(rawDescriptor(client), n * 1000)
    t.deepEqual(readback(client), { enabled: 1, time, interval, retries: 3, userTimeout: 0 })
  })
}

test('the binding sets and reads whole numbers, and negative numbers leave a value unchanged', async (t) => {
  const { client, close } = await connectedPair()
  t.teardown(close)
  const fd = rawDescriptor(client)
  t.is(native.setKeepAlive(fd, true, 11, 12, 13, 14_000), 0)
  t.deepEqual(readback(client), { enabled: 1, time: 11, interval: 12, retries: 13, userTimeout: 14_000 })
  t.is(native.setKeepAlive(fd, false, -1, 21, -1, -1), 0)
  const values = new Int32Array(5)
  t.is(native.getKeepAlive(fd, values), 0)
  t.deepEqual([...values], [0, 11, 21, 13, 14_000])
})

const refusals = [
  ['TCP_KEEPIDLE', 32_768, 1, 1],
  ['TCP_KEEPIDLE', 0, 1, 1],
  ['TCP_KEEPINTVL', 1, 32_768, 1],
  ['TCP_KEEPCNT', 1, 1, 128],
  ['TCP_KEEPCNT', 1, 1, 0],
] as const
for (const [name, time, interval, retries] of refusals) {
  test(`the error names a refused option: ${name} in ${time}/${interval}/${retries}`, async (t) => {
    const { client, close } = await connectedPair()
    t.teardown(close)
    const status = native.setKeepAlive(rawDescriptor(client), true, time, interval, retries, -1)
    t.is(native.optionName(status >> 16), name)
    t.is(status & 0xffff, 22) // EINVAL
    t.is(
      statusError(status, 'setsockopt').message,
      `setsockopt ${name} EINVAL: the system refuses this value (on macOS also once the connection has ended)`,
    )
  })
}

test('numbers that are not descriptors are never converted to one', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const fd = rawDescriptor(server)
  for (const near of [fd + 0.5, fd + 2 ** 32, fd - 2 ** 32, Number.NaN, Number.NEGATIVE_INFINITY, -fd]) {
    t.is(native.setKeepAlive(near, true, 9, 9, 9, -1) & 0xffff, 9) // EBADF
  }
  t.deepEqual(readback(server), UNTOUCHED)
})

test('arguments of the wrong type are an error whose code names the right type', (t) => {
  const set = native.setKeepAlive as (...args: unknown[]) => number
  t.throws(() => set('3', true, 1, 1, 1, 1), { code: 'NumberExpected' })
  t.throws(() => set(3, 1, 1, 1, 1, 1), { code: 'BooleanExpected' })
  t.throws(() => set(), { code: 'NumberExpected' })
  const list = [0, 0, 0, 0, 0] as unknown as Int32Array
  t.throws(() => native.getKeepAlive(3, list), { code: 'InvalidArg' })
})
