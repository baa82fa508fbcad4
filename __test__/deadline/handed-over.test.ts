/**
 * Data that was written before a close is not lost: 2 MB, closed with a deadline, to a peer that reads after twice the deadline.
 */
import test, { type ExecutionContext } from 'ava'
import { HANDED_OVER, handOver, type HandOver, type Received } from '../../lab/readers/handed-over.ts'
import { rtoMaxWith } from './kernel-values.ts'

const DEADLINE = 5000

type Trial = Pick<HandOver, 'way' | 'ending' | 'when'> & Partial<HandOver>

/** Reads nothing for twice the deadline, or for the given time, then everything. */
async function receive(t: ExecutionContext, trial: Trial): Promise<Received> {
  const { deadline = DEADLINE, readAfter = 2 * deadline } = trial
  const received = await handOver({ ...trial, deadline, readAfter })
  t.is(received.said, '')
  return received
}

async function received(t: ExecutionContext, way: string, ending: string, when?: string): Promise<number> {
  return (await receive(t, { way, ending, when })).bytes
}

/** Ends at the sweep that lifts. If that sweep came so late that the kernel's waits were already long, tries once more. */
async function endAtLifting(
  t: ExecutionContext,
  trial: Trial & { readonly deadline: number },
): Promise<number> {
  let last: Received | undefined
  for (let attempt = 0; attempt < 3; attempt++) {
    last = await receive(t, { ...trial, when: 'lifted' })
    if (last.rtoMax !== rtoMaxWith(trial.deadline) || last.rtoMax < 0) break
  }
  t.is(last?.userTimeout, 0)
  return last?.bytes ?? 0
}

if (process.platform === 'linux') {
  for (const way of ['set', 'hold', 'install']) {
    for (const ending of ['end', 'destroy', 'destroySoon', 'exit']) {
      test(`${way}, then ${ending}(): every byte arrives`, async (t) => {
        t.is(await received(t, way, ending), HANDED_OVER)
      })
    }
  }

  // With TLS, destroy() and exit() lose the data in any case: the peer's answer arrives at a closed socket, which sends RST.
  test('TLS, then end(): every byte arrives', async (t) => {
    t.is(await received(t, 'tls', 'end'), HANDED_OVER)
  })

  for (const deadline of [6000, 10_000]) {
    test(`a close one sweep after the window closed, ${deadline / 1000} s: every byte arrives, although the peer reads after 30 s`, async (t) => {
      t.timeout(240_000)
      const endings = ['end', 'destroy', 'exit', 'SIGTERM', 'SIGKILL', 'worker:exit', 'worker:terminate']
      const all = await Promise.all(
        endings.map(async (ending) => {
          return endAtLifting(t, { way: 'set', ending, deadline, readAfter: 30_000 })
        }),
      )
      t.deepEqual(
        all,
        endings.map(() => HANDED_OVER),
      )
    })
  }

  // As in docs/limits.md: before the sweep the user timeout is in force, and at the end TCP_RTO_MAX_MS.
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`${signal} without a listener, before a sweep or long after the window closed: unsent data is lost`, async (t) => {
      const [early, late, none] = await Promise.all([
        receive(t, { way: 'set', ending: signal }),
        receive(t, { way: 'set', ending: signal, when: String(2 * DEADLINE) }),
        receive(t, { way: 'none', ending: signal, when: String(2 * DEADLINE) }),
      ])
      t.true(early.bytes < HANDED_OVER, `${early.bytes} bytes, user timeout ${early.userTimeout} ms`)
      t.true(late.bytes < HANDED_OVER, `${late.bytes} bytes`)
      t.is(late.userTimeout, 0)
      t.is(none.bytes, HANDED_OVER, 'without this package it is not')
    })
  }

  test('a thread that ends by itself loses no byte, and one that is terminated before a sweep loses some', async (t) => {
    const trial = async (way: string, ending: string): Promise<number> => received(t, way, `worker:${ending}`)
    const [exits, terminated, none] = await Promise.all([
      trial('set', 'exit'),
      trial('set', 'terminate'),
      trial('none', 'terminate'),
    ])
    t.is(exits, HANDED_OVER)
    t.true(terminated < HANDED_OVER, `${terminated} bytes`)
    t.is(none, HANDED_OVER, 'without this package it does not')
  })

  test('resetAndDestroy() drops unsent data, with this package as without', async (t) => {
    const [ours, none] = await Promise.all([
      received(t, 'set', 'resetAndDestroy'),
      received(t, 'none', 'resetAndDestroy'),
    ])
    t.true(ours < HANDED_OVER, `${ours} bytes`)
    t.true(none < HANDED_OVER, `${none} bytes`)
  })

  test('destroy() after the window was closed for four deadlines: unsent data is lost', async (t) => {
    const when = String(4 * DEADLINE)
    const [ours, none] = await Promise.all([
      receive(t, { way: 'set', ending: 'destroy', when }),
      receive(t, { way: 'none', ending: 'destroy', when }),
    ])
    t.true(ours.bytes < HANDED_OVER, `${ours.bytes} bytes`)
    t.is(none.bytes, HANDED_OVER, 'without this package it is not')
  })

  test('end() after the window was closed for four deadlines: every byte arrives', async (t) => {
    t.is(await received(t, 'set', 'end', String(4 * DEADLINE)), HANDED_OVER)
  })

  test("a user timeout set by the program follows the kernel's rule, and loses unread data", async (t) => {
    t.true((await received(t, 'raw', 'destroy')) < HANDED_OVER)
  })
}
