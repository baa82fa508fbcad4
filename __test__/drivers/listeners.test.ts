/**
 * The listeners that each client library needs so that a dead server does not end the program. The cable is cut, with the listeners
 * of docs/drivers.md and without any.
 */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { clients } from '../../lab/clients/catalogue.ts'
import { matrixUnavailable } from '../../lab/clients/matrix.ts'
import { cases, fatalTrials, harmlessTrials, trials } from '../../lab/listeners/case.ts'
import { listenerTable } from './listener-table.ts'
import { tryListeners } from '../../lab/listeners/trials.ts'
import { unless } from '../needs.ts'

const inLab = unless(await matrixUnavailable())

inLab(
  'with the listeners of docs/drivers.md a program survives the loss of its server; without a needed one it ends',
  async (t) => {
    t.timeout(300_000)
    const { examples, listening, bare, ended } = await tryListeners()

    t.deepEqual(examples.uncaught, [])
    for (const name of clients.keys()) t.true((examples.lost.get(name) ?? 0) > 0, `examples/${name}.mjs`)

    t.is(listening.length, trials.length)
    for (const { name, state, emitted, settled, again } of listening) {
      const { emits = [], emitsTwice, rejects, isLogin } = cases.get(name) ?? {}
      const title = `${name}, ${state}, with its listener`
      t.is(emitted.length > 0, emits.includes(state), `${title}: ${emitted.join()}`)
      for (const [index, how] of emitted.entries()) if (index === 0) t.regex(how, /ETIMEDOUT/, title)
      if (emitsTwice) t.true(emitted.length > 1, title)
      if (isLogin) continue // it may continue to wait for another connection
      t.is(settled, state === 'idle' ? undefined : (rejects ?? 'answered'), title)
      t.is(again, 'answered', title)
    }

    t.is(bare.length, harmlessTrials.length)
    for (const { name, state, settled, again } of bare) {
      const { rejects, isLogin } = cases.get(name) ?? {}
      const title = `${name}, ${state}, without a listener`
      if (isLogin) continue // this only shows that the program continues
      t.is(settled, state === 'idle' ? undefined : (rejects ?? 'answered'), title)
      t.is(again, 'answered', title)
    }

    t.is(ended.length, fatalTrials.length)
    for (const { name, state, exitCode, printed } of ended) {
      const title = `${name}, ${state}, without its listener: ${printed}`
      t.is(exitCode, 1, title)
      t.regex(printed, /Error: (?:.*\) )?read ETIMEDOUT/, title)
    }
  },
)

test('the table of listeners in docs/drivers.md equals the test data, row by row', (t) => {
  const page = readFileSync(new URL('../../docs/drivers.md', import.meta.url), 'utf8')
  t.true(page.includes(listenerTable()), listenerTable())
})
