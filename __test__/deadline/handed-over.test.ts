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

interface Received {
  readonly bytes: number
  /** Which user timeout was in force right before the end, in milliseconds. */
  readonly userTimeout: number
}

/** Reads nothing for twice the deadline, then everything. */
async function receive(t: ExecutionContext, way: string, ...ending: string[]): Promise<Received> {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as net.AddressInfo
  const child = spawn(process.execPath, [PROGRAM, String(port), way, ...ending], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [raw] = (await once(server, 'connection')) as [net.Socket]
  raw.on('error', () => {})
  const socket = way === 'tls' ? secure(raw) : raw
  const [words] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [Buffer]
  await sleep(2 * DEADLINE)
  let bytes = 0
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume()
  await new Promise((resolve) => raw.once('close', resolve))
  t.is(said, '')
  return { bytes, userTimeout: Number(/ended (\d+)/.exec(String(words))?.[1]) }
}

async function received(t: ExecutionContext, way: string, ...ending: string[]): Promise<number> {
  return (await receive(t, way, ...ending)).bytes
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

  // As docs/limits.md says: TCP_RTO_MAX_MS lets the kernel probe more often, and count to the end sooner.
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`${signal} without a listener: what is unsent is lost, whether a sweep has seen it or not`, async (t) => {
      const [early, lifted] = await Promise.all([
        receive(t, 'set', signal),
        receive(t, 'set', signal, 'lifted'),
      ])
      t.true(early.bytes < HANDED_OVER, `${early.bytes} bytes, user timeout ${early.userTimeout} ms`)
      t.true(lifted.bytes < HANDED_OVER, `${lifted.bytes} bytes`)
      t.is(lifted.userTimeout, 0)
      t.is((await receive(t, 'none', signal)).bytes, HANDED_OVER, 'without this package it is not')
    })
  }

  test('destroy() after the window was closed for four deadlines: what is unsent is lost', async (t) => {
    const ended = ['destroy', String(4 * DEADLINE)]
    const [ours, none] = await Promise.all([receive(t, 'set', ...ended), receive(t, 'none', ...ended)])
    t.true(ours.bytes < HANDED_OVER, `${ours.bytes} bytes`)
    t.is(none.bytes, HANDED_OVER, 'without this package it is not')
  })

  test('end() after the window was closed for four deadlines: every byte arrives', async (t) => {
    t.is(await received(t, 'set', 'end', String(4 * DEADLINE)), HANDED_OVER)
  })

  test("a user timeout of the program's own has the kernel's rule, which loses what was handed over", async (t) => {
    t.true((await received(t, 'raw', 'destroy')) < HANDED_OVER)
  })
}
