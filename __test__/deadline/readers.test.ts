/** Slow readers on real sockets: they live as long as they live, and their death is told by the deadline. */
import { once } from 'node:events'
import type net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { beforeClose, deadlineStage } from '../../src/deadline/deadline.ts'
import { Reader } from './reader.ts'
import { putDeadline, watch } from './watching.ts'

const DEADLINE = 6000

/** Has something to send all the time. */
function keepSending(socket: net.Socket): void {
  const chunk = Buffer.alloc(65_536)
  const send = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', send)
  send()
}

interface Ending {
  readonly code: string | undefined
  readonly at: number
}

function endingOf(socket: net.Socket): { readonly promise: Promise<Ending>; happened: boolean } {
  const ending = { promise: Promise.resolve<Ending>({ code: undefined, at: 0 }), happened: false }
  ending.promise = new Promise((resolve) => {
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      ending.happened = true
      resolve({ code, at: performance.now() })
    })
  })
  return ending
}

async function begin(
  t: ExecutionContext,
  buffer: number,
): Promise<[Reader, net.Socket, ReturnType<typeof endingOf>]> {
  const reader = await Reader.start(t, buffer)
  const socket = await reader.connect(t)
  return [reader, socket, endingOf(socket)]
}

const readers: ReadonlyArray<readonly [name: string, bytes: number, everyMs: number, buffer: number]> = [
  ['that stops', 0, 0, 0],
  ['of 20,000 bytes each 3 s', 20_000, 3000, 0],
  ['of 1,000 bytes each 0.1 s with a receive buffer of 8 KB', 1000, 100, 8192],
]
for (const [name, bytes, everyMs, buffer] of readers) {
  test(`a reader ${name} lives for four deadlines of 6 s; then dead, it is told within one`, async (t) => {
    const [reader, socket, ending] = await begin(t, buffer)
    watch(socket, DEADLINE)
    reader.read(bytes, everyMs)
    keepSending(socket)
    await sleep(4 * DEADLINE)
    t.false(ending.happened)
    t.is(deadlineStage(socket), 'lifted')
    const cutAt = performance.now()
    reader.cut()
    const { code, at } = await ending.promise
    t.is(code, 'ETIMEDOUT')
    t.log(`told after ${((at - cutAt) / 1000).toFixed(1)} s`)
    t.true(
      at - cutAt <= DEADLINE + 500,
      'half a second for two processes that may have to wait for a processor',
    )
  })

  test(`the kernel alone drops a reader ${name}, though it lives`, async (t) => {
    const [reader, socket, ending] = await begin(t, buffer)
    putDeadline(socket, DEADLINE)
    reader.read(bytes, everyMs)
    keepSending(socket)
    await Promise.race([ending.promise, sleep(4 * DEADLINE)])
    t.true(ending.happened)
  })
}

/** The window is closed for a second, opens little by little until all is read, and closes again after two deadlines. */
async function closeTwice(t: ExecutionContext, protect: typeof watch): Promise<boolean> {
  const [reader, socket, ending] = await begin(t, 8192)
  protect(socket, DEADLINE)
  const written = new Promise<void>((resolve) => socket.write(Buffer.alloc(1_000_000), () => resolve()))
  await sleep(1000)
  reader.read(4000, 1)
  await Promise.race([written, ending.promise])
  await sleep(2 * DEADLINE)
  reader.read(0, 0)
  keepSending(socket)
  await sleep(DEADLINE / 2)
  return ending.happened
}

test('a window that closes for the second time is a closed window, though the clock of the kernel ran on', async (t) => {
  t.false(await closeTwice(t, watch))
})

test('the kernel alone drops a peer whose window closes for the second time', async (t) => {
  t.true(await closeTwice(t, putDeadline))
})

const SENT = 2 << 20

/** Closes with 2 MB that the kernel has taken, to a peer that reads only two deadlines later. */
async function closeUnread(t: ExecutionContext, before: (socket: net.Socket) => void): Promise<string> {
  const [reader, socket] = await begin(t, 0)
  watch(socket, DEADLINE)
  await new Promise((resolve) => socket.write(Buffer.alloc(SENT), resolve))
  before(socket)
  socket.destroy()
  await once(socket, 'close')
  await sleep(2 * DEADLINE)
  reader.read(65_536, 1)
  return reader.end()
}

test('what was written before a close arrives, though the peer reads only two deadlines later', async (t) => {
  t.is(await closeUnread(t, beforeClose), `end ${SENT}`)
})

test('without that it is lost', async (t) => {
  t.not(await closeUnread(t, () => {}), `end ${SENT}`)
})
