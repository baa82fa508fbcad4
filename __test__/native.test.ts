import { once } from 'node:events'
import net from 'node:net'
import test from 'ava'
import { setKeepAlive, systemKeepAlive } from 'tcp-keepalive'
import * as native from 'tcp-keepalive/native'
import { connectedPair, rawDescriptor, readback, UNTOUCHED } from './readback.ts'

test('the system defaults read back as 7200 s, 75 s and 9', (t) => {
  const defaults = { enabled: false, time: 7_200_000, interval: 75_000, retries: 9, userTimeout: 0 }
  t.deepEqual(systemKeepAlive(), defaults)
})

for (const [n, time, interval] of [
  [10, 10, 3],
  [2, 2, 1],
] as const) {
  test(`the one-number recipe on a raw descriptor: ${n} s is ${time}/${interval}/3`, async (t) => {
    const { client, close } = await connectedPair()
    t.teardown(close)
    setKeepAlive(rawDescriptor(client), n * 1000)
    t.deepEqual(readback(client), { enabled: 1, time, interval, retries: 3, userTimeout: 0 })
  })
}

test('the binding sets and reads whole numbers, and leaves what is negative', async (t) => {
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
  test(`an option that the kernel refuses is named: ${name} in ${time}/${interval}/${retries}`, async (t) => {
    const { client, close } = await connectedPair()
    t.teardown(close)
    const status = native.setKeepAlive(rawDescriptor(client), true, time, interval, retries, -1)
    t.is(native.optionName(status >> 16), name)
    t.is(status & 0xffff, 22) // EINVAL
  })
}

test('numbers that are no descriptor never become one', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const fd = rawDescriptor(server)
  for (const near of [fd + 0.5, fd + 2 ** 32, fd - 2 ** 32, Number.NaN, Number.NEGATIVE_INFINITY, -fd]) {
    t.is(native.setKeepAlive(near, true, 9, 9, 9, -1) & 0xffff, 9) // EBADF
  }
  t.deepEqual(readback(server), UNTOUCHED)
})

test('arguments of another type are a TypeError', (t) => {
  const set = native.setKeepAlive as (...args: unknown[]) => number
  t.throws(() => set('3', true, 1, 1, 1, 1))
  t.throws(() => set())
  t.throws(() => native.getKeepAlive(3, [0, 0, 0, 0, 0] as unknown as Int32Array))
})
