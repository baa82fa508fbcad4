/** The binding's functions for deadlines, and those that continue when an option is refused. */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import * as native from 'tcp-keepalive/native'
import { connectedPair, rawDescriptor, readback, UNTOUCHED, witness } from '../lab/readback/readback.ts'

const EINVAL = 22
const ENOPROTOOPT = 92
const RTO_MAX = 8

/** A row of `readWindows`. */
const ROW = 15

async function connection(t: ExecutionContext): ReturnType<typeof connectedPair> {
  const pair = await connectedPair()
  t.teardown(pair.close)
  return pair
}

function userTimeout(fd: number): number[] {
  const values = new Int32Array(2)
  native.getUserTimeout(fd, values)
  return [...values]
}

/** The system's own value; -1 before Linux 6.15. */
function systemRtoMax(): number {
  const values = new Int32Array(6)
  native.systemKeepAlive(values)
  return values[5] ?? -1
}

test('the user timeout is lifted and restored, and negative values leave it unchanged', async (t) => {
  const { client } = await connection(t)
  const fd = rawDescriptor(client)
  const before = systemRtoMax()
  t.deepEqual(userTimeout(fd), [0, before])
  t.is(native.setUserTimeout(fd, 25_500, -1), 0)
  t.deepEqual(userTimeout(fd), [25_500, before])
  const hasRtoMax = before !== -1
  t.is(native.setUserTimeout(fd, 0, 6000), hasRtoMax ? 0 : RTO_MAX * 65_536 + ENOPROTOOPT)
  t.deepEqual(userTimeout(fd), [0, hasRtoMax ? 6000 : -1])
  t.is(native.setUserTimeout(fd, 25_500, hasRtoMax ? before : -1), 0)
  t.deepEqual(userTimeout(fd), [25_500, before])
  t.deepEqual(readback(client), { ...UNTOUCHED, userTimeout: 25_500 })
})

for (const outside of [999, 120_001]) {
  test(`if ${outside} ms between retransmissions are refused, the user timeout is still set`, async (t) => {
    const fd = rawDescriptor((await connection(t)).client)
    const status = native.setUserTimeout(fd, 7000, outside)
    t.is(native.optionName(status >> 16), 'TCP_RTO_MAX_MS')
    t.is(status & 0xffff, systemRtoMax() === -1 ? ENOPROTOOPT : EINVAL)
    t.deepEqual(userTimeout(fd), [7000, systemRtoMax()])
  })
}

test('the limit on connecting is the user timeout on Linux', async (t) => {
  const fd = rawDescriptor((await connection(t)).client)
  t.is(native.setConnectTimeout(fd, 4500), 0)
  t.is(native.setConnectTimeout(fd, -1), 0)
  t.is(userTimeout(fd)[0], 4500)
  t.is(native.optionName(9), 'TCP_USER_TIMEOUT')
})

test('one call reads the windows of many sockets, and reports which descriptors cannot be read', async (t) => {
  const { client, accepted } = await connection(t)
  const file = openSync(import.meta.filename, 'r')
  t.teardown(() => closeSync(file))
  const asked = [rawDescriptor(client), 999_999, file, -1, rawDescriptor(accepted)]
  const rows = new Int32Array((asked.length + 1) * ROW).fill(7)
  const read = (): number[][] => {
    asked.forEach((fd, index) => (rows[index * ROW] = fd))
    native.readWindows(rows, asked.length)
    return asked.map((_, index) => [...rows.subarray(index * ROW, (index + 1) * ROW)])
  }
  accepted.pause()
  client.write(Buffer.alloc(16 << 20)) // more than the buffers of both ends hold
  let closed = read()[0] ?? []
  while (closed[2] !== 0 || closed[3] === 0) {
    await sleep(20)
    closed = read()[0] ?? []
  }
  const [fd, state, unacknowledged, unsent = 0, , retransmits, , window = -1] = closed
  t.deepEqual([fd, state, unacknowledged, retransmits], [asked[0], 4, 0, 0])
  t.true(window >= 0 && window < unsent, 'it is closed when it has no room for a segment, and need not be 0')

  const unknown = Array<number>(13).fill(-1)
  const [, gone, notSocket, negative, open = []] = read()
  t.deepEqual(gone, [999_999, -(65_536 + 9), ...unknown]) // EBADF
  t.deepEqual(notSocket, [file, -(65_536 + 88), ...unknown]) // ENOTSOCK
  t.deepEqual(negative, [-1, -(65_536 + 9), ...unknown])
  t.deepEqual(open.slice(0, 6), [asked[4], 4, 0, 0, 0, 0])
  t.true((open[7] ?? 0) > 0, 'the window towards the client is open')
  t.deepEqual([...rows.subarray(-ROW)], Array(ROW).fill(7), 'no more rows than asked for')

  await sleep(300)
  const [stopped, , , , reading] = read()
  t.true((reading?.[6] ?? 0) >= 250, 'milliseconds since the last acknowledgement')
  t.true((stopped?.[8] ?? 0) >= 250, 'milliseconds for which the window has kept data back')
  t.is(reading?.[8], 0)
  t.true((stopped?.[9] ?? 0) >= 200, 'milliseconds until the first window probe, tcp_probe0_base()')
  t.true((stopped?.[10] ?? 0) >= 1, 'after which the wait is doubled')
  t.is(reading?.[10], 0)
  t.true((stopped?.[11] ?? 0) > 0, 'what the peer has acknowledged')
  t.true((stopped?.[11] ?? 0) < 16 << 20)
  t.true((stopped?.[12] ?? 0) >= 2, 'the acknowledgements that it has sent, all without data')
  t.true((reading?.[12] ?? 0) >= 1, 'the last of the handshake, and window probes')
})

const SETS = [
  ['time', 'TCP_KEEPIDLE', 32_768, 2, 5],
  ['interval', 'TCP_KEEPINTVL', 9, 32_768, 5],
  ['retries', 'TCP_KEEPCNT', 9, 2, 128],
] as const
for (const [refused, option, time, interval, retries] of SETS) {
  test(`if the ${refused} is refused, the other values are still set`, async (t) => {
    const { client } = await connection(t)
    const refusals = new Int32Array(5).fill(7)
    const fd = rawDescriptor(client)
    const status = native.setWhatIsTaken(fd, true, time, interval, retries, 8000, refusals)
    t.is(native.optionName(status >> 16), option)
    t.deepEqual([...refusals], [status, 0, 0, 0, 0])
    const wanted = { enabled: 1, time, interval, retries, userTimeout: 8000 }
    t.deepEqual(readback(client), { ...wanted, [refused]: UNTOUCHED[refused] })
  })
}

test('every refusal is reported', async (t) => {
  const { client } = await connection(t)
  const refusals = new Int32Array(5)
  const status = native.setWhatIsTaken(rawDescriptor(client), true, 0, 0, 0, 8000, refusals)
  t.is(refusals[0], status)
  t.deepEqual(
    [...refusals].map((each) => native.optionName(each >> 16)),
    ['TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT', null, null] as unknown[],
  )
  t.deepEqual(readback(client), { ...UNTOUCHED, enabled: 1, userTimeout: 8000 })
})

test('for a socket that is not TCP, only that is reported', (t) => {
  const refusals = new Int32Array(5).fill(7)
  t.is(native.setWhatIsTaken(999_999, true, 9, 9, 9, 9, refusals), 65_536 + 9)
  t.deepEqual([...refusals], [0, 0, 0, 0, 0])
})

test('a Multipath TCP connection gets all values except the user timeout', (t) => {
  const program = `
    const { getKeepAlive } = require('tcp-keepalive')
    const native = require('tcp-keepalive/native')
    const refusals = new Int32Array(5)
    const status = native.setWhatIsTaken(3, true, 9, 8, 7, 6000, refusals)
    console.log(JSON.stringify([status, [...refusals], getKeepAlive(3)]))`
  const { status, stdout } = spawnSync(witness('multipath'), [process.execPath, '-e', program], {
    encoding: 'utf8',
  })
  t.not(status, 77, 'this kernel has no Multipath TCP')
  const refused = 6 * 65_536 + ENOPROTOOPT
  const held = { enabled: true, time: 9000, interval: 8000, retries: 7 }
  t.deepEqual(JSON.parse(stdout), [refused, [refused, 0, 0, 0, 0], held])
})

test('values are tried on a socket of our own, and no descriptor stays open', (t) => {
  const before = openSync(import.meta.filename, 'r')
  closeSync(before)
  t.is(native.tryKeepAlive(true, 9, 8, 7, 6000), 0)
  t.is(native.tryKeepAlive(false, -1, -1, -1, -1), 0)
  const status = native.tryKeepAlive(true, 9, 8, 128, 6000)
  t.deepEqual([native.optionName(status >> 16), status & 0xffff], ['TCP_KEEPCNT', EINVAL])
  const after = openSync(import.meta.filename, 'r')
  closeSync(after)
  t.is(after, before)
})
