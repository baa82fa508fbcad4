/** Repeated calls on one socket. */
import type { Socket } from 'node:net'
import ffi from 'ffi-rs'
import netKeepAlive from 'net-keepalive'
import { connected, connectedTls, descriptorOf } from '../connections.ts'
import { ours } from '../measured.ts'
import { type Contender, paired } from '../paired.ts'
import { c, NONE, TIME_FIRST } from '../reference.ts'
import { say } from '../say.ts'
import { byBinding, byC, byCOfSocket, byKoffi, byNode, byPackage, FOUR } from '../sets.ts'
import { type Call, CALLS, turns } from '../turns.ts'

const USER_TIMEOUT = 30_000

const socket = await connected()
const tlsSocket = await connectedTls()
const fd = descriptorOf(socket)
const fds = new Int32Array(CALLS).fill(fd)
const tlsFds = new Int32Array(CALLS).fill(descriptorOf(tlsSocket))

const loop = (run: () => void): Contender => ({ calls: CALLS, run })
const inC = (userTimeout: number, on = fds): Contender => loop(() => c.setEach(on, userTimeout))
const set = (target: Socket = socket): Contender => turns(byPackage(target))
const setAll = (): Contender =>
  turns((time) =>
    ours.setKeepAlive(socket, { time, interval: 10_000, retries: 6, userTimeout: USER_TIMEOUT }),
  )

const byNetKeepAlive: Call = (time) => {
  socket.setKeepAlive(true, time)
  netKeepAlive.setKeepAliveInterval(socket, 10_000)
  netKeepAlive.setKeepAliveProbes(socket, 6)
  netKeepAlive.setUserTimeout(socket, USER_TIMEOUT)
}

const { DataType } = ffi
ffi.open({ library: 'libc', path: 'libc.so.6' })
const bytes = Buffer.alloc(4)
const byFfi: Call = (time) => {
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
}

type Trial = readonly [name: string, reference: () => Contender, measured: () => Contender]

for (const [name, reference, measured] of [
  ['set', () => inC(NONE), set],
  ['set-same-calls', () => inC(TIME_FIRST), set],
  ['set-user-timeout', () => inC(USER_TIMEOUT), setAll],
  ['node-two-arguments', () => turns((time) => socket.setKeepAlive(true, time)), set],
  ['set-tls', () => inC(NONE, tlsFds), () => set(tlsSocket)],
  ...(socket.setKeepAlive.length === 4
    ? [['node-four-arguments', () => turns(byNode(socket)), set] satisfies Trial]
    : []),
  ['net-keepalive', () => turns(byNetKeepAlive, 20), setAll],
  ['koffi', () => turns(byKoffi(socket)), set],
  ['koffi-c', () => turns(byKoffi(socket)), () => turns(byCOfSocket(socket))],
  ['ffi-rs', () => turns(byFfi, 20), set],
  ['get', () => loop(() => c.get(fd, CALLS)), () => turns(() => ours.getKeepAlive(socket))],
  // The binding's own call shows how much of the difference is TypeScript, and how much is Node-API.
  ['native', () => inC(NONE), () => turns(byBinding(fd))],
  ['native-c', () => turns(byC(fd)), () => turns(byBinding(fd))],
  ['c-six-arguments', () => inC(TIME_FIRST), () => turns(byC(fd))],
  ['tcp-info', () => loop(() => c.tcpInfoEach(fds)), () => turns(() => ours.getTcpInfo(socket))],
] satisfies readonly Trial[]) {
  await say(name, () => paired(reference(), measured()))
}

socket.destroy()
tlsSocket.destroy()
