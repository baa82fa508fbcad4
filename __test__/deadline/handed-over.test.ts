/** What was handed over to the kernel is not lost: 2 MB, closed under a deadline, to a peer that reads after twice the deadline. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { certificate } from '../../lab/servers/certificate.ts'

const PROGRAM = fileURLToPath(new URL('handed-over.cjs', import.meta.url))
const HANDED_OVER = 2 * 1024 * 1024
const DEADLINE = 5000

/** Reads nothing for twice the deadline, then everything. */
async function received(t: ExecutionContext, way: string, ending: string): Promise<number> {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as net.AddressInfo
  const child = spawn(process.execPath, [PROGRAM, String(port), way, ending], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [raw] = (await once(server, 'connection')) as [net.Socket]
  raw.on('error', () => {})
  const socket = way === 'tls' ? secure(raw) : raw
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  await sleep(2 * DEADLINE)
  let bytes = 0
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume()
  await new Promise((resolve) => raw.once('close', resolve))
  t.is(said, '')
  return bytes
}

/** Shakes hands, and then reads no more. */
function secure(raw: net.Socket): tls.TLSSocket {
  const socket = new tls.TLSSocket(raw, { isServer: true, ...certificate })
  socket.on('error', () => {})
  socket.pause()
  return socket
}

if (process.platform === 'linux') {
  for (const way of ['set', 'hold', 'install']) {
    for (const ending of ['end', 'destroy', 'destroySoon', 'exit']) {
      test(`${way}, then ${ending}(): every byte arrives`, async (t) => {
        t.is(await received(t, way, ending), HANDED_OVER)
      })
    }
  }

  // destroy() and exit() lose it with TLS in any case: the peer's answer to what it reads meets a closed socket, and is reset.
  test('TLS, then end(): every byte arrives', async (t) => {
    t.is(await received(t, 'tls', 'end'), HANDED_OVER)
  })

  test("a user timeout of the program's own has the kernel's rule, which loses what was handed over", async (t) => {
    t.true((await received(t, 'raw', 'destroy')) < HANDED_OVER)
  })
}
