/** The rule of lifting, on a model of the kernel: whatever happens in whatever order, the living live and the dead are told. */
import test from 'ava'
import fc from 'fast-check'
import { lifting, lives, Scenario, settings } from './scenario.ts'

test('a living peer is never dropped, however it reads and whatever is lost within the tolerance', (t) => {
  fc.assert(
    fc.property(settings, lives, (setting, steps) => {
      const scenario = new Scenario(setting, lifting)
      scenario.play(steps)
      scenario.pass(2 * setting.deadlineMs)
      return scenario.kernel.droppedAt === undefined
    }),
    { numRuns: 3000 },
  )
  t.pass()
})

test('a peer that dies at any moment of such a life is told by the deadline from the last thing heard', (t) => {
  fc.assert(
    fc.property(settings, lives, fc.double({ min: 0, max: 0.5, noNaN: true }), (setting, steps, late) => {
      const scenario = new Scenario(setting, lifting)
      const { kernel, deadlineMs } = scenario
      scenario.play(steps)
      scenario.cut()
      scenario.pass(2 * setting.delay + 1 + late * deadlineMs) // what is on its way arrives
      const { unacknowledged, unsent } = kernel.look()
      if (unacknowledged + unsent === 0) kernel.write(1) // else only keepalive would tell
      scenario.pass(3 * deadlineMs)
      const took = (kernel.droppedAt ?? Number.POSITIVE_INFINITY) - kernel.waitingSince
      if (took > deadlineMs) throw new Error(`told after ${took} of ${deadlineMs} ms`)
    }),
    { numRuns: 3000 },
  )
  t.pass()
})

test('a peer that is heard and no longer hears is told by the deadline from the write', (t) => {
  let seen = 0
  fc.assert(
    fc.property(settings, lives, (setting, steps) => {
      const scenario = new Scenario(setting, lifting)
      const { kernel, deadlineMs } = scenario
      scenario.play(steps)
      scenario.deafen()
      scenario.pass(2 * setting.delay + 1) // what is on its way arrives
      kernel.write(1)
      const { unacknowledged, sendWindow } = kernel.look()
      fc.pre(unacknowledged > 0 && sendWindow > 0) // a closed window that is probed in vain is answered by what the peer says
      const since = kernel.unheardSince
      scenario.pass(3 * deadlineMs)
      const took = (kernel.droppedAt ?? Number.POSITIVE_INFINITY) - Math.max(since, kernel.unheardSince)
      if (took > deadlineMs) throw new Error(`told after ${took} of ${deadlineMs} ms`)
      seen++
    }),
    { numRuns: 3000 },
  )
  t.true(seen >= 3000)
})
