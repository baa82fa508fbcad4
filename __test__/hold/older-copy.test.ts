/** The copy that coordinates the thread may be older than the called copy, or may fail in the middle. */
import { once } from 'node:events'
import net from 'node:net'
import test from 'ava'
import { holdKeepAlive, inspectSocket, installKeepAlive } from 'tcp-keepalive'
import { activeCoordinator, type Coordinator } from '../../src/socket/coordination.ts'

const server = net.createServer((socket) => socket.on('error', () => {}))
const sockets: net.Socket[] = []

test.before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

test.after.always(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})

async function heldBy(): Promise<string | undefined> {
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  sockets.push(socket)
  await once(socket, 'connect')
  return inspectSocket(socket).heldBy
}

/** Runs with another coordinator of the thread, which holds a socket. */
function coordinatedBy(change: Partial<Coordinator>, run: () => void): void {
  const hold = holdKeepAlive(new net.Socket(), { time: 9000 })
  const coordinator = activeCoordinator()
  if (!coordinator) throw new Error('nobody coordinates')
  const before = { ...coordinator }
  try {
    Object.assign(coordinator, change)
    run()
  } finally {
    Object.assign(coordinator, before)
    hold.release()
  }
}

test('a copy that does not know accepted connections says so, and nothing is installed', async (t) => {
  // With exactOptionalPropertyTypes only a missing property is optional. A copy cannot tell the two apart.
  const older = { installAccepted: undefined } as unknown as Partial<Coordinator>
  coordinatedBy(older, () => {
    const error = t.throws(() => installKeepAlive(30_000, { accepted: true }))
    t.like(error, { code: 'ERR_TCP_KEEPALIVE_UNSUPPORTED' })
    t.regex(error?.message ?? '', /older copy/)
    t.notThrows(() => installKeepAlive({ time: 8000 }).uninstall())
  })
  t.is(await heldBy(), undefined)
})

test('if the second half of an install fails, the first half is undone', async (t) => {
  const refusal = new Error('refused')
  const failing: Partial<Coordinator> = {
    installAccepted() {
      throw refusal
    },
  }
  coordinatedBy(failing, () => {
    t.is(
      t.throws(() => installKeepAlive({ time: 8000 }, { accepted: true })),
      refusal,
    )
  })
  t.is(await heldBy(), undefined)
})
