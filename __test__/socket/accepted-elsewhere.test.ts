/**
 * Accepted sockets on a system where they do not inherit the listener's values. Here the listener has no values, like macOS, whose
 * accepted sockets do not inherit the time.
 */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { coverAccepted } from '../../src/socket/accepted.ts'
import { type KeepAliveOptions, resolveOptions } from '../../src/settings/options.ts'
import type { KeepAlive } from '../../src/settings/keepalive.ts'
import { getKeepAlive } from '../../src/socket/keepalive.ts'
import { systemKeepAlive } from '../../src/socket/system.ts'

async function listening(t: ExecutionContext): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return server
}

/** The values of the next connection when the program's own 'connection' listeners run. */
async function accepted(server: Server): Promise<KeepAlive> {
  const found = new Promise<KeepAlive>((resolve, reject) => {
    server.once('connection', (socket: Socket) => {
      try {
        resolve(getKeepAlive(socket))
      } catch (error) {
        reject(error)
      } finally {
        socket.destroy()
      }
    })
  })
  const client = connect((server.address() as { port: number }).port, '127.0.0.1')
  client.on('error', () => {})
  const held = await found
  client.destroy()
  return held
}

const cover = (server: Server, options: KeepAliveOptions, platform: string): void =>
  coverAccepted(server, resolveOptions(options), platform)

for (const platform of ['darwin', 'win32']) {
  test(`${platform}: each accepted socket gets the values before the program sees it`, async (t) => {
    const server = await listening(t)
    cover(server, { time: 60_000, retries: 4 }, platform)
    const { interval } = systemKeepAlive()
    t.like(await accepted(server), { enabled: true, time: 60_000, interval, retries: 4 })
    cover(server, { interval: 7000 }, platform)
    t.like(await accepted(server), { enabled: true, time: 60_000, interval: 7000, retries: 4 })
    cover(server, { enabled: false }, platform)
    t.false((await accepted(server)).enabled)
    t.is(server.listenerCount('connection'), 1)
  })
}

test('on FreeBSD and Linux accepted sockets inherit the values, so none are set', async (t) => {
  for (const platform of ['freebsd', 'linux']) {
    const server = await listening(t)
    cover(server, { time: 60_000 }, platform)
    t.is(server.listenerCount('connection'), 0, platform)
    t.false((await accepted(server)).enabled, platform)
  }
})
