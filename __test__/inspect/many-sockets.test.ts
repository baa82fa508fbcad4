import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const COUNT = 10_000

test(`${COUNT} sockets are inspected by one call of the binding, and nothing else happens`, async (t) => {
  const program = fork(fileURLToPath(new URL('many-sockets.cjs', import.meta.url)), [String(COUNT)])
  const [told] = (await once(program, 'message')) as [
    {
      found: number
      off: number
      held: number
      callsOfRounds: number[]
      descriptorsAreTheSame: boolean
      answers: string[]
    },
  ]
  await once(program, 'exit')
  t.is(told.found, COUNT)
  t.is(told.off, Math.ceil(COUNT / 3))
  t.is(told.held, Math.floor(COUNT / 3))
  // The first call learns how much room they need. bench/ measures how long a call takes.
  t.deepEqual(told.callsOfRounds, [2, 1, 1, 1, 1])
  t.true(told.descriptorsAreTheSame)
  t.deepEqual(new Set(told.answers), new Set(['still here']))
})
