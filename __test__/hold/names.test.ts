/** A name in `match` also covers clients that resolve it themselves, and connect to an address. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import dns from 'node:dns'
import { once } from 'node:events'
import net from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { installKeepAlive, type KeepAliveApplied, setKeepAlive } from 'tcp-keepalive'
import { readback, UNTOUCHED } from '../../lab/readback/readback.ts'
import { NameServer } from './name-server.ts'
import { deadlineOf, until } from '../deadline/kernel-values.ts'
import { swallowing } from '../deadline/swallowed.ts'
import { ASKED, connected, HELD, listening, OTHER, OTHER_HELD, tracked } from './sockets.ts'

const HOST = '127.0.0.1'
// Only on Linux the limit on connecting is the user timeout, which is read back here.
const linux = process.platform === 'linux' ? test.serial : test.serial.skip

async function nameServer(t: ExecutionContext): Promise<[NameServer, dns.promises.Resolver]> {
  const server = await NameServer.start()
  t.teardown(() => server.stop())
  const resolver = new dns.promises.Resolver()
  resolver.setServers([server.address])
  return [server, resolver]
}

function installed(t: ExecutionContext, ...args: Parameters<typeof installKeepAlive>): () => void {
  const install = installKeepAlive(...args)
  const uninstall = (): void => install.uninstall()
  t.teardown(uninstall)
  return uninstall
}

function applied(t: ExecutionContext): KeepAliveApplied[] {
  const messages: KeepAliveApplied[] = []
  const listener = (message: unknown): void => void messages.push(message as KeepAliveApplied)
  subscribe('tcp-keepalive:apply', listener)
  t.teardown(() => unsubscribe('tcp-keepalive:apply', listener))
  return messages
}

/** Waits until the decision after a DNS answer is visible. Performance entries arrive a moment later. */
async function heldAs(socket: net.Socket, values: object): Promise<void> {
  await until(() => JSON.stringify(readback(socket)) === JSON.stringify(values))
}

/** Each way in which clients resolve a name. */
const WAYS: Readonly<Record<string, (resolver: dns.promises.Resolver, name: string) => Promise<string>>> = {
  async 'dns.promises.lookup'() {
    return (await dns.promises.lookup('localhost', { family: 4 })).address
  },
  async 'dns.lookup, all'() {
    return new Promise((resolve, reject) => {
      dns.lookup('localhost', { all: true }, (error, all) => {
        const found = all?.find(({ family }) => family === 4)
        if (found) resolve(found.address)
        else reject(error ?? new Error('localhost has no IPv4 address'))
      })
    })
  },
  async 'resolve4 of a resolver'(resolver, name) {
    return (await resolver.resolve4(name))[0] ?? ''
  },
  async 'resolve4 with the time to live'(resolver, name) {
    return (await resolver.resolve4(name, { ttl: true }))[0]?.address ?? ''
  },
}
for (const [way, resolve] of Object.entries(WAYS)) {
  test.serial(`${way}: the connection to the address has the values, and apply gives the name`, async (t) => {
    const [server, resolver] = await nameServer(t)
    server.put('db.test', HOST)
    const messages = applied(t)
    const { port } = await listening(t)
    installed(t, ASKED, { match: [`localhost:${port}`, `*.test:${port}`] })
    const socket = tracked(t, net.connect(port, await resolve(resolver, 'db.test')))
    await heldAs(socket, HELD)
    t.deepEqual(
      messages.map(({ by, byName, peer }) => ({ by, byName, peer })),
      [
        {
          by: 'install',
          byName: way.startsWith('dns') ? 'localhost' : 'db.test',
          peer: { host: HOST, address: HOST, port },
        },
      ],
    )
    socket.setKeepAlive(true, 5000)
    t.deepEqual(readback(socket), HELD)
  })
}

test.serial('IPv6, and a name in other letter case', async (t) => {
  const [server, resolver] = await nameServer(t)
  server.put('db.test', '::1')
  const { port } = await listening(t, net.createServer(), 0, '::1')
  installed(t, ASKED, { match: 'DB.test.' })
  await resolver.resolve6('Db.Test')
  await heldAs(tracked(t, net.connect(port, '0:0:0:0:0:0:0:1')), HELD)
  t.pass()
})

test.serial('an answer that arrives after the connection changes the decision', async (t) => {
  const [server, resolver] = await nameServer(t)
  server.put('db.test', HOST)
  server.put('other.test', HOST)
  const { port } = await listening(t)
  installed(t, OTHER, { match: port })
  installed(t, ASKED, { match: 'db.test' })
  const socket = await connected(t, net.connect(port, HOST))
  t.deepEqual(readback(socket), OTHER_HELD)
  await resolver.resolve4('other.test')
  await resolver.resolve4('db.test')
  await heldAs(socket, HELD)
})

linux('an answer that arrives during the attempt limits it', async (t) => {
  const [server, resolver] = await nameServer(t)
  server.put('db.test', HOST)
  const port = await swallowing(t, HOST)
  installed(t, { detectWithin: 5000 }, { match: `db.test:${port}` })
  const socket = tracked(t, net.connect(port, HOST))
  await once(socket, 'connectionAttempt')
  await new Promise(setImmediate)
  t.is(deadlineOf(socket)[0], 0)
  await resolver.resolve4('db.test')
  await until(() => deadlineOf(socket)[0] > 0)
  await new Promise((resolve) => socket.once('close', resolve))
  t.is((socket.errored as NodeJS.ErrnoException).code, 'ETIMEDOUT')
})

test.serial(
  'a name that has moved covers its new address, and an address that two names share counts for both',
  async (t) => {
    const [server, resolver] = await nameServer(t)
    server.put('db.test', HOST)
    server.put('cache.test', HOST)
    const { port } = await listening(t)
    const endDatabase = installed(t, ASKED, { match: 'db.test' })
    installed(t, OTHER, { match: 'cache.test' })
    await resolver.resolve4('db.test')
    const first = tracked(t, net.connect(port, HOST))
    await heldAs(first, HELD)
    await resolver.resolve4('cache.test')
    const second = tracked(t, net.connect(port, HOST))
    await heldAs(second, OTHER_HELD) // both match, and the newest applies
    server.put('cache.test', '127.0.0.9')
    await resolver.resolve4('cache.test')
    const third = tracked(t, net.connect(port, HOST))
    await heldAs(third, HELD)
    t.deepEqual(readback(second), OTHER_HELD, 'what is connected keeps its values')
    endDatabase()
    const fourth = await connected(t, net.connect(port, HOST))
    t.deepEqual(readback(fourth), UNTOUCHED)
  },
)

test.serial(
  'another port, another address, and a connection that the program has switched off get no values',
  async (t) => {
    const [server, resolver] = await nameServer(t)
    server.put('db.test', HOST)
    const { port } = await listening(t)
    const elsewhere = await listening(t)
    const onAll = await listening(t, net.createServer(), 0, '127.0.0.2')
    installed(t, ASKED, { match: [`db.test:${port}`, `db.test:${onAll.port}`] })
    const off = await connected(t, net.connect(port, HOST))
    setKeepAlive(off, false)
    const on = await connected(t, net.connect(port, HOST))
    const others = [
      await connected(t, net.connect(elsewhere.port, HOST)),
      await connected(t, net.connect(onAll.port, '127.0.0.2')),
    ]
    await resolver.resolve4('db.test')
    await heldAs(on, HELD)
    for (const socket of [off, ...others]) t.deepEqual(readback(socket), UNTOUCHED)
  },
)

test.serial('an install of only addresses and ports records no names', async (t) => {
  const [server, resolver] = await nameServer(t)
  server.put('db.test', HOST)
  const { port } = await listening(t)
  installed(t, OTHER, { match: `10.0.0.0/8:${port}` })
  await resolver.resolve4('db.test')
  await new Promise((resolve) => setTimeout(resolve, 50))
  // Names that were resolved before the install are not recorded.
  installed(t, ASKED, { match: 'db.test' })
  const socket = await connected(t, net.connect(port, HOST))
  t.deepEqual(readback(socket), UNTOUCHED)
  await resolver.resolve4('db.test')
  await heldAs(socket, HELD)
})
