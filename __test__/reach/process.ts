/** Connections of this process that no hook sees, and the values that another process reads from them. */
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { ExecutionContext } from 'ava'
import { inspectSockets, type SocketReport } from 'tcp-keepalive'
import { type Readback, readback } from '../../lab/readback/readback.ts'

/**
 * Time and interval in seconds, retries and no user timeout: the values that cover waiting for a deadline of 5 s, with a scan each
 * 0.5 s.
 */
export const IDLE_HALF: Readback = { enabled: 1, time: 1, interval: 1, retries: 3, userTimeout: 0 }

/** A server that keeps its accepted sockets. */
export async function startServer(t: ExecutionContext, host = '127.0.0.1'): Promise<number> {
  const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, host)
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as net.AddressInfo).port
}

/** A thread that only connects. Hooks in this thread do not see it. */
export async function connectElsewhere(t: ExecutionContext, port: number): Promise<Worker> {
  const program = `
    const net = require('node:net')
    const { parentPort } = require('node:worker_threads')
    const socket = net.connect(${port}, '127.0.0.1', () => parentPort.postMessage('connected'))
    parentPort.on('message', ([method, ...given]) => socket[method](...given))`
  const worker = new Worker(program, { eval: true, execArgv: [], env: {} })
  t.teardown(() => worker.terminate())
  await once(worker, 'message')
  return worker
}

/** The one connection of this process to a port. */
export function connectionTo(port: number): SocketReport {
  const all = inspectSockets().filter(({ remote }) => remote?.port === port)
  const [found, ...others] = all
  if (!found || others.length > 0) throw new Error(`${all.length} connections to port ${port}`)
  return found
}

/** The values that another process reads from a socket. Waits until they are as expected, or for longer than that can take. */
export async function valuesSoon(target: number | net.Socket, expected: Readback): Promise<Readback> {
  const wanted = JSON.stringify(expected)
  for (const end = Date.now() + 30_000; ; await sleep(20)) {
    const values = readback(target)
    if (JSON.stringify(values) === wanted || Date.now() > end) return values
  }
}

/**
 * The values that another process reads from the connection to a port. Waits until they are as expected, or for longer than that
 * can take.
 */
export async function valuesOnceLike(port: number, expected: Readback): Promise<Readback> {
  return valuesSoon(connectionTo(port).descriptor, expected)
}
