/** Repeated calls on one socket. */
import type { Socket } from 'node:net'
import ffi from 'ffi-rs'
import netKeepAlive from 'net-keepalive'
import { connected, connectedTls, descriptorOf, startPeers } from '../connections.ts'
import { ours } from '../measured.ts'
import { type Contender, paired } from '../paired.ts'
import { c, NONE, TIME_FIRST } from '../reference.ts'
import { say } from '../say.ts'
import { byBinding, byC, byCOfSocket, byKoffi, byNode, byPackage, FOUR } from '../sets.ts'
import { CALLS, turns } from '../turns.ts'

const USER_TIMEOUT = 30_000

const peers = await startPeers()
const socket = await connected(peers)
const fd = descriptorOf(socket)
const fds = new Int32Array(CALLS).fill(fd)
const inC = (userTimeout: number, on = fds): Contender => ({
  calls: CALLS,
  run: () => c.setEach(on, userTimeout),
})

const set = (target: Socket): Contender => turns(byPackage(target))
const setAll = turns((time) =>
  ours.setKeepAlive(socket, { time, interval: 10_000, retries: 6, userTimeout: USER_TIMEOUT }),
)

await say('set', () => paired(inC(NONE), set(socket)))
await say('set-same-calls', () => paired(inC(TIME_FIRST), set(socket)))
await say('set-user-timeout', () => paired(inC(USER_TIMEOUT), setAll))
await say('node-two-arguments', () =>
  paired(
    turns((time) => socket.setKeepAlive(true, time)),
    set(socket),
  ),
)

const tlsSocket = await connectedTls(peers)
const tlsFds = new Int32Array(CALLS).fill(descriptorOf(tlsSocket))
await say('set-tls', () => paired(inC(NONE, tlsFds), set(tlsSocket)))

if (socket.setKeepAlive.length === 4) {
  await say('node-four-arguments', () => paired(turns(byNode(socket)), set(socket)))
}

await say('net-keepalive', () =>
  paired(
    turns((time) => {
      socket.setKeepAlive(true, time)
      netKeepAlive.setKeepAliveInterval(socket, 10_000)
      netKeepAlive.setKeepAliveProbes(socket, 6)
      netKeepAlive.setUserTimeout(socket, USER_TIMEOUT)
    }, 20),
    setAll,
  ),
)

await say('koffi', () => paired(turns(byKoffi(socket)), set(socket)))
await say('koffi-c', () => paired(turns(byKoffi(socket)), turns(byCOfSocket(socket))))

const { DataType } = ffi
ffi.open({ library: 'libc', path: 'libc.so.6' })
const bytes = Buffer.alloc(4)
await say('ffi-rs', () =>
  paired(
    turns((time) => {
      const descriptor = descriptorOf(socket)
      for (const [level, name, plain] of FOUR) {
        bytes.writeInt32LE(name === 4 && level === 6 ? time / 1000 : plain)
        const result = ffi.load({
          library: 'libc',
          funcName: 'setsockopt',
          retType: DataType.I32,
          paramsType: [DataType.I32, DataType.I32, DataType.I32, DataType.U8Array, DataType.I32],
          paramsValue: [descriptor, level, name, bytes, 4],
        })
        if (result !== 0) throw new Error('setsockopt')
      }
    }, 20),
    set(socket),
  ),
)

await say('get', () =>
  paired(
    { calls: CALLS, run: () => c.get(fd, CALLS) },
    turns(() => ours.getKeepAlive(socket)),
  ),
)

// The binding's own call shows how much of the difference is TypeScript, and how much is Node-API.
await say('native', () => paired(inC(NONE), turns(byBinding(fd))))
await say('native-c', () => paired(turns(byC(fd)), turns(byBinding(fd))))
await say('c-six-arguments', () => paired(inC(TIME_FIRST), turns(byC(fd))))

await say('tcp-info', () =>
  paired(
    { calls: CALLS, run: () => c.tcpInfoEach(fds) },
    turns(() => ours.getTcpInfo(socket)),
  ),
)

socket.destroy()
tlsSocket.destroy()
await peers.stop()
