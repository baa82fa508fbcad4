/** The values of a socket, as another process reads them with its own system calls. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { fileURLToPath } from 'node:url'

/** In the kernel's units: seconds, a count, and milliseconds for the user timeout. */
export interface Readback {
  enabled: number
  time: number
  interval: number
  retries: number
  userTimeout: number
}

/** The path of a program that is built for the tests. */
export const witness = (name: string): string =>
  fileURLToPath(new URL(`../../target/release/${name}`, import.meta.url))

/** This machine's defaults: net.ipv4.tcp_keepalive_*, which may have been changed. */
const system = (name: string): number =>
  Number(readFileSync(`/proc/sys/net/ipv4/tcp_keepalive_${name}`, 'utf8'))

/** The values of a new socket; on macOS and FreeBSD, TCPTV_KEEP_* of netinet/tcp_timer.h. */
export const UNTOUCHED: Readback =
  process.platform === 'linux'
    ? {
        enabled: 0,
        time: system('time'),
        interval: system('intvl'),
        retries: system('probes'),
        userTimeout: 0,
      }
    : { enabled: 0, time: 7200, interval: 75, retries: 8, userTimeout: 0 }

/** A user timeout as the system stores it: macOS and FreeBSD count seconds. */
export function inItsUnit(userTimeout: number): number {
  const unit = process.platform === 'linux' ? 1 : 1000
  return Math.ceil(userTimeout / unit) * unit
}

/** A child process inherits the descriptor, and reads its values. */
export function readback(target: number | net.Socket | net.Server): Readback {
  const fd = typeof target === 'number' ? target : rawDescriptor(target)
  return runReadback([], fd) as Readback
}

/** The output of the witness. It inherits the descriptor. */
export function runReadback(words: readonly string[], fd: number | 'ignore' = 'ignore'): unknown {
  const { status, stdout, stderr, error } = spawnSync(witness('readback'), words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', fd],
  })
  if (error) throw error
  if (status !== 0) throw new Error(`readback: ${stderr}`)
  return JSON.parse(stdout)
}

/** The raw descriptor. Node has no public way to get it. */
export function rawDescriptor(target: net.Socket | net.Server): number {
  const { _handle: handle } = target as unknown as { _handle?: { fd: number } | null }
  if (!handle) throw new Error('no handle')
  return handle.fd
}

/** A connected pair on loopback, and its server; `close()` closes all. */
export interface Pair {
  client: net.Socket
  accepted: net.Socket
  server: net.Server
  port: number
  close(): void
}

/** @param host the address to listen on; @param to the address to connect to, by default the same */
export async function connectedPair(host = '127.0.0.1', to: string = host): Promise<Pair> {
  const server = net.createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const client = net.connect({ port, host: to })
  const [accepted] = (await once(server, 'connection')) as [net.Socket]
  if (client.connecting) await once(client, 'connect')
  for (const socket of [client, accepted]) socket.on('error', () => {})
  const close = (): void => {
    client.destroy()
    accepted.destroy()
    server.close()
  }
  return { client, accepted, server, port, close }
}
