/** The new lines in docs/migrating.md run as they stand. */
import { readFileSync } from 'node:fs'
import net from 'node:net'
import test from 'ava'
import { getKeepAlive, holdKeepAlive, setKeepAlive } from 'tcp-keepalive'
import { connectedPair, readback } from '../lab/readback/readback.ts'

const page = readFileSync(new URL('../docs/migrating.md', import.meta.url), 'utf8')

/** What stands in the second column of the tables, first of its cell or after "or". */
const lines = [...page.matchAll(/^\|.*\| (?:or )?`((?:set|get)KeepAlive\(socket.*?)`/gm)].map(
  ([, line]) => line ?? '',
)

test('every new line on a socket runs', async (t) => {
  t.true(lines.length >= 10, String(lines.length))
  for (const line of new Set(lines)) {
    const pair = await connectedPair()
    // oxlint-disable-next-line no-new-func -- the page is ours
    const run = new Function('socket', 'setKeepAlive', 'getKeepAlive', `return ${line}`)
    t.notThrows(() => run(pair.client, setKeepAlive, getKeepAlive), line)
    const { enabled } = readback(pair.client)
    t.is(enabled, /^get|false/.test(line) ? 0 : 1, line)
    pair.close()
  }
})

test('options of net.connect() and net.createServer() have their like', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  const hold = holdKeepAlive(server, { time: 60_000 })
  await new Promise((resolve) => server.once('listening', resolve))
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve))
  const { port } = server.address() as net.AddressInfo
  const client = net.connect({ port, host: '127.0.0.1' })
  setKeepAlive(client, { time: 60_000 })
  for (const socket of [await accepted, client]) {
    if (socket.connecting) await new Promise((resolve) => socket.once('connect', resolve))
    t.is(readback(socket).time, 60)
    t.is(readback(socket).enabled, 1)
  }
  for (const socket of [await accepted, client]) socket.destroy()
  hold.release()
  server.close()
})
