/**
 * A peer may read as slowly as it likes, or not at all, without being dropped. Once it is dead, it is detected by the deadline.
 * Each claim is compared with the kernel's own behaviour: first across the laboratory's network with readers of every kind, then on
 * sockets of this process, whose state can be read.
 */
import { once } from 'node:events'
import type net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { planKeepAlive } from 'tcp-keepalive'
import { openLab } from '../../lab/network/lab.ts'
import { liveAndDie } from '../../lab/readers/dying.ts'
import { KINDS } from '../../lab/readers/kinds.ts'
import { isInTime, PAUSES, type Pauses } from '../../lab/timing.ts'
import { beforeClose, deadlineStage } from '../../src/deadline/deadline.ts'
import { withLab } from '../needs.ts'
import { Reader } from './reader.ts'
import { putDeadline, watch } from './watching.ts'

const DEADLINE = 6000

const { watchPauses } = (await import(PAUSES)) as Pauses

withLab(
  'slow readers of every kind, plain and TLS, live for 4 deadlines, and are detected once they are dead',
  async (t) => {
    t.timeout(180_000)
    const lab = await openLab(t)
    const { dropped, dying } = await liveAndDie(lab, {
      options: { detectWithin: DEADLINE },
      livingMs: 4 * DEADLINE,
      deadMs: 3 * DEADLINE,
    })
    t.deepEqual(dropped, [])
    for (const { name, took, code, pausedMs } of dying) {
      const inWords = `${name}: ${code} after ${took?.toFixed()} ms, paused for ${pausedMs.toFixed()} ms`
      t.log(inWords)
      t.true(took !== undefined && isInTime(took, pausedMs, DEADLINE), inWords)
    }
  },
)

withLab(
  "under the kernel's own rule, with the same user timeout, living peers that read nothing are dropped",
  async (t) => {
    t.timeout(180_000)
    const lab = await openLab(t)
    const { userTimeout = 0 } = planKeepAlive({ detectWithin: DEADLINE }).settings
    const { dropped } = await liveAndDie(lab, { options: { userTimeout }, livingMs: 4 * DEADLINE, deadMs: 0 })
    const countOf = (kind: string): number => dropped.filter(({ name }) => name.includes(kind)).length
    // How many of the others are dropped depends on how the window happens to open.
    for (const { name } of KINDS) t.log(`${name}: ${countOf(name)} of 8 dropped`)
    t.true(countOf('stopped') > 0)
  },
)

/** Always has something to send. */
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
  test(`a reader ${name} lives for four deadlines of 6 s; once dead, it is detected within one`, async (t) => {
    const pausedSince = watchPauses()
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
    const [took, pausedMs] = [at - cutAt, pausedSince(performance.timeOrigin + cutAt)]
    t.log(`told after ${(took / 1000).toFixed(1)} s, paused for ${pausedMs.toFixed()} ms`)
    t.true(isInTime(took, pausedMs, DEADLINE + 500), 'half a second for the other process to get to run')
  })

  test(`the kernel alone drops a reader ${name}, although it lives`, async (t) => {
    const [reader, socket, ending] = await begin(t, buffer)
    putDeadline(socket, DEADLINE)
    reader.read(bytes, everyMs)
    keepSending(socket)
    await Promise.race([ending.promise, sleep(4 * DEADLINE)])
    t.true(ending.happened)
  })
}

// At first the kernel's own waits double, up to 0.28 of the deadline. After that TCP_RTO_MAX_MS limits them.
test('a reader that dies at any moment of the first three seconds of a closed window is detected within 6 s', async (t) => {
  const pausedSince = watchPauses()
  const moments = Array.from({ length: 15 }, (_, place) => 200 + 200 * place)
  const all = await Promise.all(
    moments.map(async (closedFor) => {
      const [reader, socket, ending] = await begin(t, 0)
      watch(socket, DEADLINE)
      keepSending(socket)
      await sleep(closedFor)
      const cutAt = performance.now()
      reader.cut()
      const { code, at } = await ending.promise
      return { closedFor, code, took: at - cutAt, pausedMs: pausedSince(performance.timeOrigin + cutAt) }
    }),
  )
  t.log(all.map(({ closedFor, took }) => `${closedFor}: ${(took / 1000).toFixed(1)} s`).join(', '))
  for (const { code, took, pausedMs } of all) {
    t.is(code, 'ETIMEDOUT')
    t.true(isInTime(took, pausedMs, DEADLINE + 500), `${took} ms, paused for ${pausedMs} ms`)
  }
})

/** The window is closed for a second, opens in small steps until everything is read, and closes again after two deadlines. */
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

test("a window that closes for the second time counts as closed, although the kernel's clock kept running", async (t) => {
  t.false(await closeTwice(t, watch))
})

test('the kernel alone drops a peer whose window closes for the second time', async (t) => {
  t.true(await closeTwice(t, putDeadline))
})

const SENT = 2 << 20

/** Closes with 2 MB that the kernel has taken, to a peer that only reads two deadlines later. */
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

test('data written before a close arrives, although the peer only reads two deadlines later', async (t) => {
  t.is(await closeUnread(t, beforeClose), `end ${SENT}`)
})

test('without lifting, data written before a close is lost', async (t) => {
  t.not(await closeUnread(t, () => {}), `end ${SENT}`)
})
