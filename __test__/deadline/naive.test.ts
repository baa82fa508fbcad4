/**
 * Simpler rules on the same model: each drops a living peer. This shows that the model can tell a good rule from a bad one, and
 * that each part of rule.ts is needed.
 */
import test from 'ava'
import type { Look } from '../../src/deadline/look.ts'
import { isPatience, patienceAfter, rtoMaxFor } from '../../src/settings/detect-within.ts'
import {
  type InForce,
  lifting,
  type Rule,
  Scenario,
  type Setting,
  settingAgain,
  type Step,
} from './scenario.ts'

const isClosed = (look: Look): boolean =>
  look.sendWindow === 0 || (look.unacknowledged === 0 && look.unsent > 0 && look.sendWindow < look.unsent)

/** With TCP_RTO_MAX_MS at what belongs to the deadline all the time. */
const bounded = (userTimeout: number): InForce => ({ userTimeout, bound: 'tight' })

const isPending = (look: Look): boolean => look.unacknowledged + look.unsent > 0

const kernelAlone: Rule = (_, solvedMs) => () => bounded(solvedMs)

/** While the window is closed and the peer answers, the timeout is the time closed so far plus half the deadline. */
const pushing: Rule = (deadlineMs, solvedMs) => {
  let closedAt: number | undefined
  let current = solvedMs
  return (look, now) => {
    if (!isClosed(look)) closedAt = undefined
    else closedAt ??= now
    if (closedAt === undefined) current = solvedMs
    else if (look.unansweredProbes === 0) current = now - closedAt + deadlineMs / 10 + deadlineMs / 2
    return bounded(current)
  }
}

interface Parts {
  readonly putsBack?: boolean
  readonly seesPastClosings?: boolean
  readonly probeSilence?: number
  readonly condemnedMs?: (deadlineMs: number) => number
}

/** Lifting, with parts that differ from the package's. */
const liftingWith =
  (parts: Parts): Rule =>
  (deadlineMs, solvedMs) => {
    const { putsBack = false, seesPastClosings = true, probeSilence = 0.69, condemnedMs = rtoMaxFor } = parts
    let isLifted = false
    const seemsDead = (look: Look): boolean =>
      look.unacknowledged > 0
        ? look.silentFor >= 0.6 * deadlineMs && (look.retransmits > 0 || look.sendWindow === 0)
        : look.silentFor >= probeSilence * deadlineMs && look.unansweredProbes >= 3
    return (look) => {
      if (isPending(look) && isClosed(look)) isLifted = true
      else if (seesPastClosings && look.windowLimitedFor >= 100) isLifted = true
      if (putsBack && !isPending(look)) isLifted = false
      if (!isLifted) return bounded(solvedMs)
      return bounded(isPending(look) && seemsDead(look) ? condemnedMs(deadlineMs) : 0)
    }
  }

const setting: Setting = {
  deadlineMs: 6000,
  mss: 1460,
  capacity: 16_384,
  grain: 1460,
  delay: 5,
  sweepDistances: [1.02],
  timerLateness: [0.5],
}

function livesThrough(rule: Rule, steps: readonly Step[], more: Partial<Setting> = {}): boolean {
  const scenario = new Scenario({ ...setting, ...more }, rule)
  scenario.play(steps)
  return scenario.kernel.droppedAt === undefined
}

const wait = (share: number): Step => ({ kind: 'wait', share })
const write = (bytes: number): Step => ({ kind: 'write', bytes })
const read = (bytes: number, times: number, share: number): Step => ({ kind: 'read', bytes, times, share })

const range = (count: number, step: number): number[] =>
  Array.from({ length: count }, (_, index) => index * step)

/** An outage of this many deadlines while the window is closed. It begins at any moment between two probes and two sweeps. */
function outages(share: number): Step[][] {
  return range(50, 0.002).flatMap((phase) =>
    range(11, 0.02).map((start): Step[] => [
      wait(phase),
      write(3_000_000),
      wait(3 + start),
      { kind: 'outage', share },
      wait(3),
    ]),
  )
}

test('the kernel alone drops a peer that reads nothing for a deadline', (t) => {
  const steps = [write(3_000_000), wait(1.2)]
  t.false(livesThrough(kernelAlone, steps))
  t.true(livesThrough(lifting, steps))
})

test('the kernel alone drops a peer whose window opens in time, but by less than a whole buffer', (t) => {
  const steps = [write(3_000_000), read(1460, 60, 4)]
  t.false(livesThrough(kernelAlone, steps))
  t.true(livesThrough(lifting, steps))
})

test('extending the timeout keeps a peer that reads nothing, and drops one that reads a little', (t) => {
  t.true(livesThrough(pushing, [write(3_000_000), wait(4)]))
  const steps = [write(3_000_000), wait(1.5), read(1460, 60, 4)]
  t.false(livesThrough(pushing, steps))
  t.true(livesThrough(lifting, steps))
})

const sizes = range(50, 1000).map((more) => 40_000 + more)

/** The window closes for half a deadline, opens in small steps until everything is read, and closes again after ten deadlines. */
const closedTwice = sizes.map((size) => [
  write(size),
  wait(0.5),
  read(1500, 60, 0.02),
  wait(10),
  write(60_000),
  wait(0.5),
])

test('restoring the user timeout when everything is acknowledged drops a peer whose window closes again', (t) => {
  t.false(closedTwice.every((steps) => livesThrough(liftingWith({ putsBack: true }), steps)))
  t.true(closedTwice.every((steps) => livesThrough(lifting, steps)))
})

/** As above, but the window opens again before any sweep. */
const closedBetweenLooks = sizes.map((size) => [
  wait(0.105),
  write(size),
  wait(0.05),
  read(1500, 60, 0.003),
  wait(10),
  write(60_000),
  wait(0.05),
])

test('seeing only a currently closed window drops a peer whose window was closed between two sweeps', (t) => {
  const long = { deadlineMs: 60_000 }
  const momentary = liftingWith({ seesPastClosings: false })
  t.false(closedBetweenLooks.every((steps) => livesThrough(momentary, steps, long)))
  t.true(closedBetweenLooks.every((steps) => livesThrough(lifting, steps, long)))
})

test('deciding by three unanswered probes alone drops a peer after an outage of a fifth of the deadline', (t) => {
  const early: Step[] = [write(60_000), wait(0.02), { kind: 'outage', share: 0.25 }, wait(3)]
  t.false(livesThrough(liftingWith({ probeSilence: 0 }), early, { deadlineMs: 30_000 }))
  t.true(livesThrough(lifting, early, { deadlineMs: 30_000 }))
})

test('deciding while the third probe is in flight drops a peer after an outage of a quarter of the deadline', (t) => {
  const far = { delay: 30, deadlineMs: 10_000 }
  const all = outages(0.25)
  t.false(all.every((steps) => livesThrough(liftingWith({ probeSilence: 0.6 }), steps, far)))
  t.true(all.every((steps) => livesThrough(lifting, steps, far)))
})

/** Acknowledgements are lost until the rule decides that the peer is dead. Then the peer sends, with its window closed. */
function livesThroughLateAnswer(rule: Rule, phase: number): boolean {
  const scenario = new Scenario(setting, rule)
  const { kernel, peer, deadlineMs } = scenario
  scenario.play([write(20_000), wait(0.5), read(20_000, 2, 0.5), wait(phase)])
  scenario.cut('peer')
  kernel.write(60_000)
  scenario.pass(0.65 * deadlineMs)
  scenario.heal()
  peer.acknowledge()
  scenario.pass(3 * deadlineMs)
  return kernel.droppedAt === undefined
}

test('ending the connection by a timeout of 1 ms drops a peer that has answered in the meantime', (t) => {
  const oneMs = liftingWith({ condemnedMs: () => 1 })
  const phases = range(50, 0.002)
  t.false(phases.every((phase) => livesThroughLateAnswer(oneMs, phase)))
  t.true(phases.every((phase) => livesThroughLateAnswer(lifting, phase)))
})

test('counting silence from before the write drops, after an outage, a peer that had nothing to send', (t) => {
  const closed: Step[] = [write(20_000), wait(0.5), read(20_000, 2, 0.5)]
  const steps: Step[] = [...closed, wait(2), { kind: 'outage', share: 0.3, bytes: 1 }, wait(3)]
  t.false(livesThrough(liftingWith({}), steps))
  t.true(livesThrough(lifting, steps))
})

/** What the rule of the package says, changed. */
const changed =
  (change: (inForce: InForce) => InForce): Rule =>
  (...args) => {
    const watch = lifting(...args)
    return (look, now) => change(watch(look, now))
  }

/** What is sent again is answered for twelve deadlines, and not taken. */
const withoutMemory = (
  reopens: boolean,
  {
    share = 12,
    outage = 0,
    isTalking = false,
    taken = 0,
    outageAfter = undefined as number | undefined,
  } = {},
): Step[] => [
  write(1000),
  wait(0.5),
  {
    kind: 'out of memory',
    share,
    reopens,
    isTalking,
    outage,
    taken,
    changes: false,
    outageAfter,
    bytes: 60_000,
  },
]

// The time between two looks is shorter where another connection of the thread has a shorter deadline, and with a deadline above ten minutes.
for (const share of [1, 2 / 3, 1 / 2, 1 / 10]) {
  test(`with looks at ${share.toFixed(2)} of the usual distance, silence from before the write does not count either`, (t) => {
    const steps: Step[] = [
      write(60_000),
      wait(0.5),
      read(60_000, 5, 0.5),
      wait(0.4),
      { kind: 'outage', share: 0.3, bytes: 1 },
      wait(1),
    ]
    t.true(livesThrough(lifting, steps, { deadlineMs: 30_000, sweepDistances: [share] }))
  })
}

test('without any user timeout the kernel drops a peer that answers and takes nothing', (t) => {
  const impatient = changed(({ userTimeout, bound }) => ({
    userTimeout: isPatience(userTimeout) ? 0 : userTimeout,
    bound,
  }))
  t.false(livesThrough(impatient, withoutMemory(true)))
  t.true(livesThrough(lifting, withoutMemory(true)))
})

/** Patience only while the kernel counts retransmissions. */
const counting: Rule = (...args) => {
  const watch = lifting(...args)
  return (look, now) => {
    const { userTimeout, bound } = watch(look, now)
    return { userTimeout: isPatience(userTimeout) && look.retransmits <= 1 ? 0 : userTimeout, bound }
  }
}

test('patience only while retransmissions are counted drops a peer whose window was taken back for long, at its first loss', (t) => {
  const all = range(20, 0.02).map((more) => withoutMemory(false, { share: 4 + more, outageAfter: 0.25 }))
  t.false(all.every((steps) => livesThrough(counting, steps)))
  t.true(all.every((steps) => livesThrough(lifting, steps)))
})

test('patience only while retransmissions are counted drops a peer that takes a segment twice in a deadline', (t) => {
  const steps = withoutMemory(true, { taken: 12 })
  t.false(livesThrough(counting, steps))
  t.true(livesThrough(lifting, steps))
})

test('beginning anew with another deadline drops a peer that answers and takes nothing', (t) => {
  const forgetting =
    (after: number): Rule =>
    (...args) => {
      let watch = lifting(...args)
      let looks = 0
      return (look, now) => {
        if (++looks % after !== 0) return watch(look, now)
        watch = lifting(...args)
        return bounded(0)
      }
    }
  const counts = range(10, 1).map((more) => 50 + more)
  t.false(counts.every((looks) => livesThrough(forgetting(looks), withoutMemory(true))))
  t.true(counts.every((looks) => livesThrough(settingAgain(looks), withoutMemory(true))))
})

test('the kernel alone drops a peer that takes what arrives, when two of three packets are lost', (t) => {
  const steps: Step[] = [write(1000), wait(0.5), { kind: 'heavy loss', share: 8, bytes: 60_000 }, wait(1)]
  t.false(livesThrough(kernelAlone, steps, { capacity: 1_000_000 }))
  t.true(livesThrough(lifting, steps, { capacity: 1_000_000 }))
})

test('seeing a repair only by retransmissions that are counted at a look drops such a peer at many distances of the looks', (t) => {
  const counting: Rule = (...args) => {
    const watch = lifting(...args)
    return (look, now) => watch({ ...look, repairing: 0 }, now)
  }
  const steps: Step[] = [write(1000), wait(0.5), { kind: 'heavy loss', share: 8, bytes: 60_000 }, wait(1)]
  const lives = (rule: Rule): number =>
    range(58, 0.01).filter((more) =>
      livesThrough(rule, steps, { capacity: 1_000_000, sweepDistances: [0.5 + more] }),
    ).length
  t.is(lives(lifting), 58)
  t.is(lives(settingAgain(1)), 58)
  t.true(lives(counting) < 58)
})

/** For 20 minutes the peer reads a little at a time, so that data is always in flight; then it reads nothing. */
const alwaysInFlight: Step[] = [write(10_000_000), wait(2), read(1460, 4000, 20), wait(1)]

test('patience of 15 minutes whatever has passed since the lifting drops a peer whose window closes again', (t) => {
  const constant = changed(({ userTimeout, bound }) => ({
    userTimeout: isPatience(userTimeout) && userTimeout > 0 ? patienceAfter(0) : userTimeout,
    bound,
  }))
  const far = { deadlineMs: 60_000, delay: 375 }
  t.false(livesThrough(constant, alwaysInFlight, far))
  t.true(livesThrough(lifting, alwaysInFlight, far))
})

test('at the tight bound the kernel drops a peer with its window taken back after an outage of a sixth of the deadline', (t) => {
  const tight = changed(({ userTimeout }) => ({ userTimeout, bound: 'tight' }))
  const all = range(20, 0.02).map((more) => withoutMemory(false, { share: 6 + more, outage: 0.16 }))
  t.false(all.every((steps) => livesThrough(tight, steps)))
  t.true(all.every((steps) => livesThrough(lifting, steps)))
})

test('counting from the last thing acknowledged alone drops a peer that answers, takes nothing and talks', (t) => {
  const deaf: Rule = (...args) => {
    const watch = lifting(...args)
    return (look, now) => watch({ ...look, emptySegments: -1 }, now)
  }
  t.false(livesThrough(deaf, withoutMemory(true, { isTalking: true })))
  t.true(livesThrough(lifting, withoutMemory(true, { isTalking: true })))
})

test('with a peer that is probed all the time, the parts that the rules above share drop no peer', (t) => {
  t.true([...closedTwice, ...outages(0.25)].every((steps) => livesThrough(liftingWith({}), steps)))
})
