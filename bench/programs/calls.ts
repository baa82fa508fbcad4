/** Calls on one socket, again and again. */
import type { Socket } from 'node:net'
import ffi from 'ffi-rs'
import koffi from 'koffi'
import netKeepAlive from 'net-keepalive'
import { connected, connectedTls, descriptorOf, startPeers } from '../connections.ts'
import { native, ours } from '../measured.ts'
import { type Contender, paired } from '../paired.ts'
import { c, NONE, TIME_FIRST } from '../reference.ts'
import { say } from '../say.ts'

const CALLS = 100
const USER_TIMEOUT = 30_000

type Call = (time: number) => unknown

/**
 * One call, made with two values of time in turn: nobody can answer that nothing has changed. Each contender has a
 * loop of its own, compiled for it alone, as code that is shared is compiled for what all of them have in common.
 */
function turns(call: Call, calls = CALLS): Contender {
  const loop = 'return () => { for (let i = 0; i < calls; i += 2) { call(60_000); call(61_000) } }'
  // oxlint-disable-next-line no-new-func -- as mitata does it; the text is this file's own
  const make = new Function('call', 'calls', loop) as (call: Call, calls: number) => () => void
  return { calls, run: make(call, calls) }
}

const peers = await startPeers()
const socket = await connected(peers)
const fd = descriptorOf(socket)
const inC = (userTimeout: number): Contender => ({ calls: CALLS, run: () => c.set(fd, CALLS, userTimeout) })

const set = (target: Socket): Contender =>
  turns((time) => ours.setKeepAlive(target, { time, interval: 10_000, retries: 6 }))
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
const tlsFd = descriptorOf(tlsSocket)
await say('set-tls', () => paired({ calls: CALLS, run: () => c.set(tlsFd, CALLS, NONE) }, set(tlsSocket)))

if (socket.setKeepAlive.length === 4) {
  type FourArguments = (enabled: boolean, time: number, interval: number, retries: number) => Socket
  const four = (socket.setKeepAlive as FourArguments).bind(socket)
  await say('node-four-arguments', () =>
    paired(
      turns((time) => four(true, time, 10_000, 6)),
      set(socket),
    ),
  )
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

/** The four of setKeepAlive(), by way of a library that calls C functions. */
const FOUR = [
  [1, 9, 1], // SOL_SOCKET, SO_KEEPALIVE
  [6, 4, 60], // IPPROTO_TCP, TCP_KEEPIDLE
  [6, 5, 10], // TCP_KEEPINTVL
  [6, 6, 6], // TCP_KEEPCNT
] as const

const byKoffi = koffi.load('libc.so.6').func('int setsockopt(int, int, int, const void *, uint32_t)')
const value = new Int32Array(1)
await say('koffi', () =>
  paired(
    turns((time) => {
      const descriptor = descriptorOf(socket)
      for (const [level, name, plain] of FOUR) {
        value[0] = name === 4 && level === 6 ? time / 1000 : plain
        if (byKoffi(descriptor, level, name, value, 4) !== 0) throw new Error('setsockopt')
      }
    }),
    set(socket),
  ),
)

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

// The binding's own call: what of the difference is ours in TypeScript, and what is the way through Node-API.
await say('native', () =>
  paired(
    inC(NONE),
    turns((time) => native.setKeepAlive(fd, true, time / 1000, 10, 6, -1)),
  ),
)

if ('getTcpInfo' in ours) {
  const getTcpInfo = ours.getTcpInfo as (target: Socket) => object
  await say('tcp-info', () =>
    paired(
      { calls: CALLS, run: () => c.tcpInfo(fd, CALLS) },
      turns(() => getTcpInfo(socket)),
    ),
  )
}

socket.destroy()
tlsSocket.destroy()
await peers.stop()
