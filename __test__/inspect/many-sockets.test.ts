import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const COUNT = 10_000

/** By the microsecond, of a machine that may be busy with other tests: the best of ten rounds. */
const LIMIT_US = 15

test(`${COUNT} sockets are inspected in less than ${LIMIT_US} µs each, and nothing else happens`, async (t) => {
  const program = fork(fileURLToPath(new URL('many-sockets.cjs', import.meta.url)), [String(COUNT)])
  const [told] = (await once(program, 'message')) as [
    {
      found: number
      warned: number
      rounds: number[]
      descriptorsAreTheSame: boolean
      answers: string[]
    },
  ]
  await once(program, 'exit')
  t.log(`${told.rounds.map((each) => each.toFixed(1)).join(', ')} µs a socket, round by round`)
  t.is(told.found, COUNT)
  t.is(told.warned, COUNT)
  t.true(Math.min(...told.rounds) < LIMIT_US)
  t.true(told.descriptorsAreTheSame)
  t.deepEqual(new Set(told.answers), new Set(['still here']))
})
