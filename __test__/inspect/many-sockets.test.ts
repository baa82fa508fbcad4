import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const COUNT = 10_000

/**
 * Microseconds. Every round must keep it in the processor's time, the first included, in which all is compiled; by the
 * clock the best of them, as other tests may be taking the processor away.
 */
const LIMIT_US = 15

test(`${COUNT} sockets are inspected in less than ${LIMIT_US} µs each, and nothing else happens`, async (t) => {
  const program = fork(fileURLToPath(new URL('many-sockets.cjs', import.meta.url)), [String(COUNT)])
  const [told] = (await once(program, 'message')) as [
    {
      found: number
      off: number
      held: number
      rounds: number[]
      processorRounds: number[]
      descriptorsAreTheSame: boolean
      answers: string[]
    },
  ]
  await once(program, 'exit')
  const inWords = (rounds: readonly number[]): string => rounds.map((each) => each.toFixed(1)).join(', ')
  t.log(`${inWords(told.rounds)} µs a socket, round by round`)
  t.log(`${inWords(told.processorRounds)} µs of the processor's time`)
  t.is(told.found, COUNT)
  t.is(told.off, Math.ceil(COUNT / 3))
  t.is(told.held, Math.floor(COUNT / 3))
  t.true(Math.max(...told.processorRounds) < LIMIT_US)
  t.true(Math.min(...told.rounds) < LIMIT_US)
  t.true(told.descriptorsAreTheSame)
  t.deepEqual(new Set(told.answers), new Set(['still here']))
})
