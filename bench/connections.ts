/** Sockets whose peers are in another process, on another core if there is one. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'

interface Peers {
  readonly port: number
  readonly tlsPort: number
  readonly certificate: string
}

async function startPeers(): Promise<Peers> {
  const child: ChildProcess = fork(new URL('programs/peers.ts', import.meta.url))
  const core = process.env['BENCH_PEERS_CORE']
  if (core !== undefined) execFileSync('taskset', ['-apc', core, String(child.pid)])
  const [ready] = (await once(child, 'message')) as [Peers]
  child.unref()
  child.channel?.unref()
  return ready
}

/** They end with this process. */
export const peers: Peers = await startPeers()

export async function connected(): Promise<Socket> {
  const socket = connect({ port: peers.port, host: '127.0.0.1' })
  await once(socket, 'connect')
  return socket
}

export async function connectedTls(): Promise<TLSSocket> {
  const socket = connectTls({ port: peers.tlsPort, host: '127.0.0.1', ca: peers.certificate })
  await once(socket, 'secureConnect')
  return socket
}

/** Opens this many sockets, 200 at a time. */
export async function connectMany(count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(200, count - sockets.length) }, () => connected())
    sockets.push(...(await Promise.all(some)))
  }
  return sockets
}

/** Closes them with a reset, so that their ports are free at once. */
export async function end(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => once(socket.resetAndDestroy(), 'close')))
}

/** Read from the handle, as the compared packages do. */
export function descriptorOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd
}

/** The end of the descriptor table, up to which the package and C search (proc_pid_status(5)). */
export function lastDescriptor(): number {
  return Number(/^FDSize:\t(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) - 1
}
