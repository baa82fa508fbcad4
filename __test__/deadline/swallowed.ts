/** A listener on loopback that swallows SYNs: its queue is full, and it does not accept (net.ipv4.tcp_abort_on_overflow = 0). */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import type { ExecutionContext } from 'ava'

/** Listens and then blocks, so that only the kernel answers until the queue is full. */
const STANDS_STILL = `
  const server = require('node:net').createServer()
  server.listen({ port: 0, host: process.argv[1], backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

/** @returns the port on which every further SYN is swallowed */
export async function swallowing(t: ExecutionContext, host: string): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, ['-e', STANDS_STILL, host], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [told] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const port = Number(String(told))
  // A queue of 1 holds two, because the kernel compares with "greater than" (sk_acceptq_is_full() in include/net/sock.h).
  for (let place = 0; place < 2; place++) {
    const socket = net.connect(port, host)
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
  }
  return port
}
