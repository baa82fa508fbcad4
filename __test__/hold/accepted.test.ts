/** Accepted connections have the values of an install that covers them, without code in the server. */
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { holdKeepAlive, inspectSocket, installKeepAlive, type InstallScope } from 'tcp-keepalive'
import { readback } from '../../lab/readback/readback.ts'
import { certificate } from '../../lab/servers/certificate.ts'
import { ASKED, byNode, connected, HELD, listening, OTHER, OTHER_HELD, tracked } from './sockets.ts'

/** The install matches no outgoing connection of these tests. */
const NOBODY = 'nobody.invalid'

function installed(t: ExecutionContext, scope: InstallScope, options: object = ASKED): () => void {
  const install = installKeepAlive(options, { match: NOBODY, ...scope })
  const uninstall = (): void => install.uninstall()
  t.teardown(uninstall)
  return uninstall
}

/** Connects, and returns the server's end as the program has it. */
async function accept(t: ExecutionContext, server: net.Server): Promise<net.Socket> {
  const came = once(server, 'connection')
  const { port } = server.address() as net.AddressInfo
  await connected(t, net.connect(port, '127.0.0.1'))
  const [socket] = (await came) as [net.Socket]
  await new Promise(setImmediate) // the values are set after the 'connection' listeners
  return socket
}

test.serial('an install also covers a server that already listens, whatever it sets itself', async (t) => {
  const { server } = await listening(t, net.createServer({ keepAlive: true, keepAliveInitialDelay: 5000 }))
  t.deepEqual(readback(await accept(t, server)), byNode(5))
  const uninstall = installed(t, { accepted: true })
  const listeners = server.listenerCount('connection')
  const socket = await accept(t, server)
  t.deepEqual(readback(socket), HELD)
  t.is(inspectSocket(socket).heldBy, 'install')
  socket.setKeepAlive(true, 9000)
  socket.setKeepAlive(false)
  t.deepEqual(readback(socket), HELD, "the program's calls do not get through")
  t.is(server.listenerCount('connection'), listeners)
  uninstall()
  t.deepEqual(readback(socket), HELD, 'the kernel keeps the values')
  socket.setKeepAlive(true, 9000)
  t.deepEqual(readback(socket), { ...byNode(9), userTimeout: 25_500 }, 'and they are held no longer')
  t.deepEqual(readback(await accept(t, server)), byNode(5))
})

test.serial('a call on TLS around an accepted socket does not change the values', async (t) => {
  const { server, port } = await listening(t, tls.createServer(certificate))
  installed(t, { accepted: true })
  const came = once(server, 'secureConnection')
  tracked(t, tls.connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' }))
  const [secure] = (await came) as [tls.TLSSocket]
  secure.setKeepAlive(true, 5000)
  t.deepEqual(readback(secure), HELD)
})

test.serial(
  'a list of local ports covers these ports only; without "accepted" no accepted connection is covered',
  async (t) => {
    const one = await listening(t)
    const other = await listening(t)
    const untouched = readback(await accept(t, other.server))
    installed(t, { accepted: [one.port] })
    installed(t, {})
    installed(t, { accepted: false })
    t.deepEqual(readback(await accept(t, one.server)), HELD)
    t.deepEqual(readback(await accept(t, other.server)), untouched)
  },
)

test.serial(
  'of several installs the newest applies, and a hold on the server comes before all of them',
  async (t) => {
    const { server } = await listening(t)
    const endFirst = installed(t, { accepted: true })
    installed(t, { accepted: true }, OTHER)
    endFirst()
    t.deepEqual(readback(await accept(t, server)), OTHER_HELD)
    const hold = holdKeepAlive(server, ASKED)
    const socket = await accept(t, server)
    t.deepEqual(readback(socket), HELD)
    hold.release()
    t.deepEqual(readback(socket), OTHER_HELD, 'released, the install governs at once')
  },
)

test.serial('a socket passed to a held server follows the hold first, and then the install', async (t) => {
  const { server } = await listening(t)
  const second = net.createServer()
  installed(t, { accepted: true })
  const hold = holdKeepAlive(second, OTHER)
  const socket = await accept(t, server)
  second.emit('connection', socket)
  t.deepEqual(readback(socket), OTHER_HELD)
  hold.release()
  t.deepEqual(readback(socket), HELD)
})

test.serial('outgoing connections are covered too, as the match says', async (t) => {
  const { server, port } = await listening(t)
  const install = installKeepAlive(ASKED, { match: port, accepted: true })
  t.teardown(() => install.uninstall())
  const came = once(server, 'connection')
  const client = await connected(t, net.connect(port, '127.0.0.1'))
  const [socket] = (await came) as [net.Socket]
  await new Promise(setImmediate)
  t.deepEqual([readback(client), readback(socket)], [HELD, HELD])
})

test('an invalid "accepted" is refused, and nothing is installed', (t) => {
  const { connect } = net.Socket.prototype
  const refused = (accepted: unknown): string | undefined =>
    t.throws<NodeJS.ErrnoException>(() =>
      installKeepAlive(ASKED, { accepted: accepted as boolean, match: NOBODY }),
    ).code
  t.is(refused(8080), 'ERR_INVALID_ARG_TYPE')
  t.is(refused('1'), 'ERR_INVALID_ARG_TYPE')
  t.is(refused([]), 'ERR_OUT_OF_RANGE')
  t.is(refused([0]), 'ERR_OUT_OF_RANGE')
  t.is(refused(['8080']), 'ERR_OUT_OF_RANGE')
  t.is(net.Socket.prototype.connect, connect)
})
