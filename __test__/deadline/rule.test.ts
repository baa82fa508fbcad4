/** The rule of lifting, on a model of the kernel: in every order of events, living peers are kept and dead ones are detected. */
import test from 'ava'
import fc from 'fast-check'
import { isQuickHandshake } from '../../src/deadline/bound.ts'
import { lifted, LOOKS_PER_DEADLINE, remember } from '../../src/deadline/rule.ts'
import { shortened } from '../../src/deadline/shortened.ts'
import { capabilitiesOf } from '../../src/settings/capabilities.ts'
import { rtoMaxFor, solveDetectWithin } from '../../src/settings/detect-within.ts'
import type { KernelModel, Timeouts } from './kernel-model.ts'
import { allTalks, lives, settings, upTo, withoutMemory } from './lives.ts'
import { lifting, type Rule, Scenario, type Setting, settingAgain, type Step } from './scenario.ts'

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

test('a peer that dies at any moment is detected by the deadline, counted from its last packet', (t) => {
  fc.assert(
    fc.property(settings, lives, upTo(0.5), fc.boolean(), (setting, steps, late, isEnd) => {
      const scenario = new Scenario(setting, lifting)
      const { kernel, deadlineMs } = scenario
      scenario.play(steps)
      scenario.cut()
      scenario.pass(2 * setting.delay + 1 + late * deadlineMs) // packets in flight arrive
      if (!isPending(kernel) && isEnd) kernel.end()
      if (!isPending(kernel)) kernel.write(1)
      fc.pre(isPending(kernel)) // otherwise only keepalive would detect it
      scenario.pass(3 * deadlineMs)
      const took = (kernel.droppedAt ?? Number.POSITIVE_INFINITY) - kernel.waitingSince
      if (took > deadlineMs) throw new Error(`told after ${took} of ${deadlineMs} ms`)
    }),
    { numRuns: 3000 },
  )
  t.pass()
})

function isPending(kernel: KernelModel): boolean {
  const { unacknowledged, unsent } = kernel.look()
  return unacknowledged + unsent > 0
}

/** Something unread at the peer, then no memory there; whatever follows. */
function runningOut(
  setting: Setting,
  step: Extract<Step, { kind: 'out of memory' }>,
  rule: Rule = lifting,
): Scenario {
  const scenario = new Scenario(setting, rule)
  scenario.play([{ kind: 'write', bytes: 1000 }, { kind: 'wait', share: 0.5 }, step])
  return scenario
}

test('a peer without memory that answers is not dropped, though it takes nothing for up to 12 deadlines', (t) => {
  let taken = 0
  fc.assert(
    fc.property(settings, withoutMemory, (setting, step) => {
      const scenario = runningOut(setting, step)
      scenario.pass(2 * setting.deadlineMs)
      const { unacknowledged } = scenario.kernel.look()
      if (unacknowledged === 0) taken++
      return scenario.kernel.droppedAt === undefined
    }),
    { numRuns: 3000 },
  )
  t.true(taken > 1000, 'once it has memory again it takes what is sent')
})

test('a peer without memory that answers is not dropped, although other deadlines are set meanwhile', (t) => {
  fc.assert(
    fc.property(settings, withoutMemory, fc.integer({ min: 1, max: 120 }), (setting, step, looks) => {
      const scenario = runningOut(setting, step, settingAgain(looks))
      scenario.pass(2 * setting.deadlineMs)
      return scenario.kernel.droppedAt === undefined
    }),
    { numRuns: 3000 },
  )
  t.pass()
})

test('a peer without memory that dies is told by the deadline from the last thing heard', (t) => {
  let seen = 0
  fc.assert(
    fc.property(settings, withoutMemory, (setting, step) => {
      const scenario = runningOut(setting, { ...step, share: 0 })
      const { kernel, deadlineMs } = scenario
      scenario.runOutOfMemory(step)
      kernel.write(10)
      scenario.pass(step.share * deadlineMs)
      fc.pre(kernel.look().unacknowledged > 0)
      scenario.cut()
      scenario.pass(2 * setting.delay + 1) // what is on its way arrives
      scenario.pass(3 * deadlineMs)
      const took = (kernel.droppedAt ?? Number.POSITIVE_INFINITY) - kernel.waitingSince
      if (took > deadlineMs) throw new Error(`told after ${took} of ${deadlineMs} ms`)
      seen++
    }),
    { numRuns: 3000 },
  )
  t.true(seen >= 3000)
})

test('after a quick handshake no wait of the kernel is longer than TCP_RTO_MAX_MS would allow, until the first look', (t) => {
  const trip = fc.double({ min: 0, max: 3000, noNaN: true })
  fc.assert(
    fc.property(trip, fc.double({ min: 5000, max: 60_000, noNaN: true }), (roundTrip, deadlineMs) => {
      if (!isQuickHandshake(roundTrip, deadlineMs)) return
      let wait = roundTrip + Math.max(2 * roundTrip, 200) // tcp_rtt_estimator() with the first round trip
      for (let at = 0; at < deadlineMs / LOOKS_PER_DEADLINE; at += wait / 2) {
        t.true(wait <= rtoMaxFor(deadlineMs))
        wait *= 2
      }
    }),
  )
  for (const deadlineMs of [5000, 6000, 10_000]) {
    t.true(isQuickHandshake(100, deadlineMs))
    t.false(isQuickHandshake(1000, deadlineMs), 'a SYN or SYN-ACK was lost')
    t.false(isQuickHandshake(Number.NaN, deadlineMs), 'nobody saw it')
  }
})

test('a peer that still sends but no longer receives is detected by the deadline, counted from the write', (t) => {
  let seen = 0
  fc.assert(
    fc.property(settings, lives, allTalks, (setting, steps, talk) => {
      const scenario = new Scenario(setting, lifting)
      const { kernel, deadlineMs } = scenario
      scenario.play(steps)
      scenario.deafen(talk)
      scenario.pass(2 * setting.delay + 1) // what is on its way arrives
      kernel.write(1)
      const { unacknowledged, sendWindow } = kernel.look()
      fc.pre(unacknowledged > 0 && sendWindow > 0) // the peer's data answers the probes of a closed window, although the probes do not arrive
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

/**
 * Closes the window, ends the program this many sweeps after the one that lifts, and lets the peer read everything after 3 minutes.
 */
function livesOnAlone(setting: Setting, rule: Rule, phase: number, sweeps: number): boolean {
  const scenario = new Scenario(setting, rule)
  const { kernel, peer, deadlineMs } = scenario
  scenario.pass((phase * deadlineMs) / LOOKS_PER_DEADLINE)
  kernel.write(3_000_000)
  while (kernel.userTimeout !== 0) scenario.pass(10)
  scenario.pass((sweeps * deadlineMs) / LOOKS_PER_DEADLINE)
  scenario.end()
  scenario.pass(180_000)
  peer.read(3_000_000)
  scenario.pass(1)
  return kernel.droppedAt === undefined
}

const share = fc.double({ min: 0, max: 0.98, noNaN: true })

test('a program that a signal ends up to a sweep after the lifting loses nothing, although the peer reads after 3 minutes', (t) => {
  fc.assert(
    fc.property(settings, share, share, upTo(0.08), (setting, phase, sweeps, late) =>
      livesOnAlone(
        // With a long retransmission timeout, TCP_RTO_MAX_MS must stay limited (LONG_WAIT_FOR_PROBE).
        { ...setting, timeouts: {}, delay: 0, sweepDistances: [1 + late] },
        lifting,
        phase,
        sweeps,
      ),
    ),
    { numRuns: 3000 },
  )
  t.pass()
})

test('with TCP_RTO_MAX_MS at a fifth of the deadline all the time, such a program loses its unsent data', (t) => {
  const bounded: Rule = (...args) => {
    const watch = lifting(...args)
    return (look, now) => ({ ...watch(look, now), bound: 'tight' as const })
  }
  const [setting] = fc.sample(settings, { numRuns: 1, seed: 1 }) as [Setting]
  t.false(livesOnAlone({ ...setting, deadlineMs: 10_000, delay: 0, sweepDistances: [1] }, bounded, 0, 0))
})

// The window was closed once, so the connection is lifted. The first look comes up to a tenth of the deadline after the write. A look
// that is late once makes the others come earlier, counted from it.
for (const distance of [1, 0.98, 0.95, 0.92, 0.67]) {
  test(`a lifted connection whose peer dies before a write ends by the deadline, with looks at ${distance} of a tenth`, (t) => {
    for (let firstRto = 200; firstRto <= 600; firstRto += 8) {
      for (let phase = 0; phase < 0.1; phase += 0.01) {
        const scenario = new Scenario(
          { ...LINK, timeouts: { firstRto }, sweepDistances: [distance] },
          lifting,
        )
        scenario.play([
          { kind: 'write', bytes: 200_000 },
          { kind: 'wait', share: 1 },
          { kind: 'read', bytes: 200_000, times: 40, share: 0.2 },
          { kind: 'wait', share: 1 + phase },
        ])
        const { kernel, deadlineMs } = scenario
        if (isPending(kernel)) return t.fail('not everything was read')
        scenario.cut()
        kernel.write(1)
        scenario.pass(2 * deadlineMs)
        const took = (kernel.droppedAt ?? Number.POSITIVE_INFINITY) - kernel.waitingSince
        if (took > deadlineMs) return t.fail(`${took} ms, with ${firstRto} ms at ${phase}`)
      }
    }
    t.pass()
  })
}

/**
 * From 200 ms to a third of the deadline; before Linux 6.15, to a fifth. After a lost SYN-ACK it is 3 s, and after an outage about as long
 * as that.
 */
const timeoutsFor = (deadlineMs: number, hasRtoMax: boolean): Timeouts[] =>
  Array.from({ length: 60 }, (_, index) => {
    const firstRto = 200 + (index * (deadlineMs / (hasRtoMax ? 3 : 5) - 200)) / 59
    return [10, firstRto].map((roundTrip) => ({ firstRto, roundTrip, probesTail: true }))
  }).flat()

const withTimeouts = (deadlineMs: number, hasRtoMax: boolean, timeouts: Partial<Timeouts>): Scenario =>
  new Scenario({ ...LINK, deadlineMs, timeouts, hasRtoMax, sweepDistances: [1] }, lifting)

for (const deadlineMs of [6000, 10_000, 30_000, 60_000, 300_000]) {
  for (const hasRtoMax of [true, false]) {
    const where = hasRtoMax ? '' : ', before Linux 6.15'
    test(`a write to a dead peer ends by a deadline of ${deadlineMs} ms with every retransmission timeout${where}`, (t) => {
      for (const timeouts of timeoutsFor(deadlineMs, hasRtoMax)) {
        for (let phase = 0; phase < 0.1; phase += 0.01) {
          const scenario = withTimeouts(deadlineMs, hasRtoMax, timeouts)
          scenario.play([
            { kind: 'write', bytes: 1000 },
            { kind: 'wait', share: 1 + phase },
          ])
          scenario.cut()
          scenario.kernel.write(1)
          scenario.pass(2 * deadlineMs)
          const took = (scenario.kernel.droppedAt ?? Number.POSITIVE_INFINITY) - scenario.kernel.waitingSince
          if (took > deadlineMs) return t.fail(`${took} ms, ${JSON.stringify(timeouts)} at ${phase}`)
        }
      }
      t.pass()
    })
  }

  test(`a living peer survives an outage of 0.4 of ${deadlineMs} ms with every retransmission timeout`, (t) => {
    for (const timeouts of timeoutsFor(deadlineMs, true)) {
      for (const probesTail of [true, false]) {
        for (let phase = 0; phase < 0.1; phase += 0.01) {
          const scenario = withTimeouts(deadlineMs, true, { ...timeouts, probesTail })
          scenario.play([
            { kind: 'write', bytes: 1000 },
            { kind: 'wait', share: 1 + phase },
            { kind: 'outage', share: 0.4, bytes: 1 },
            { kind: 'wait', share: 2 },
          ])
          if (scenario.kernel.droppedAt !== undefined)
            return t.fail(`${JSON.stringify(timeouts)} at ${phase}`)
        }
      }
    }
    t.pass()
  })
}

test('the shortened user timeout leaves time for an answer, also if a loss is noticed before the retransmission timeout', (t) => {
  for (let deadline = 5000; deadline <= 300_000; deadline += 1000) {
    const { userTimeoutMs } = solveDetectWithin(deadline, capabilitiesOf('linux'))
    for (const retransmissionTimeout of [200, 600, 1000, 3000, deadline / 5, deadline]) {
      for (const rtoMax of [rtoMaxFor(deadline), Number.POSITIVE_INFINITY]) {
        const first = Math.min(retransmissionTimeout, rtoMax)
        const user = shortened(userTimeoutMs, { retransmissionTimeout, roundTrip: -1 }, deadline, rtoMax)
        t.true(user >= Math.min(userTimeoutMs, Math.floor((first * 9) / 8 + rtoMaxFor(deadline))))
      }
    }
  }
})

test('a process that was paused right after a look has not heard the peer in the meantime', (t) => {
  const { kernel } = new Scenario({ ...LINK, sweepDistances: [1] }, lifting)
  const silent = { ...kernel.look(), unacknowledged: 1, silentFor: 3000 }
  const before = remember(lifted(0), silent, LINK.deadlineMs, 1000)
  const later = { ...silent, silentFor: 3600, retransmits: 2 }
  t.is(remember(before, later, LINK.deadlineMs, 1900, 1600).silentBefore, 3000)
  t.is(remember(before, later, LINK.deadlineMs, 1900).silentBefore, 0, 'without the time before the look')
})

/** Each timer of the kernel is late. */
const LINK = { deadlineMs: 6000, mss: 1460, capacity: 65_536, grain: 1460, delay: 5, timerLateness: [1] }
