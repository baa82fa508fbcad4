/**
 * Rules that look simpler, on the same model and the same lives: each drops a living peer. So the model can tell a good rule
 * from a bad one, and rule.ts needs each of its parts.
 */
import test from 'ava'
import fc from 'fast-check'
import { rtoMaxFor } from '../../src/deadline/rule.ts'
import { lifting, lives, type Rule, Scenario, type Setting, settings } from './scenario.ts'

const isClosed: (look: Parameters<ReturnType<Rule>>[0]) => boolean = (look) =>
  look.sendWindow === 0 || (look.unacknowledged === 0 && look.unsent > 0)

const kernelAlone: Rule = (_, solvedMs) => () => solvedMs

/** While the window is closed and the peer answers: closed so far, and half the deadline on top. */
const pushing: Rule = (deadlineMs, solvedMs) => {
  let closedAt: number | undefined
  let current = solvedMs
  return (look, now) => {
    if (!isClosed(look)) closedAt = undefined
    else closedAt ??= now
    if (closedAt === undefined) current = solvedMs
    else if (look.unansweredProbes === 0) current = now - closedAt + deadlineMs / 10 + deadlineMs / 2
    return current
  }
}

/** Lifts; what seems dead and what is put in then are as given. */
function liftingBut(
  seemsDead: (look: Parameters<ReturnType<Rule>>[0], deadlineMs: number) => boolean,
  condemned: (deadlineMs: number) => number,
): Rule {
  return (deadlineMs, solvedMs) => {
    let isLifted = false
    return (look) => {
      if (look.unacknowledged + look.unsent === 0) isLifted = false
      else if (isClosed(look)) isLifted = true
      if (!isLifted) return solvedMs
      return seemsDead(look, deadlineMs) ? condemned(deadlineMs) : 0
    }
  }
}

const isInFlight: Parameters<typeof liftingBut>[0] = (look, deadlineMs) =>
  look.silentFor >= 0.6 * deadlineMs && look.unacknowledged > 0 && (look.retransmits > 0 || look.sendWindow === 0)

const areProbesUnanswered =
  (share: number): Parameters<typeof liftingBut>[0] =>
  (look, deadlineMs) =>
    isInFlight(look, deadlineMs) ||
    (look.unacknowledged === 0 && look.unansweredProbes >= 3 && look.silentFor >= share * deadlineMs)

const naive: Readonly<Record<string, Rule>> = {
  'the kernel alone': kernelAlone,
  'pushing the user timeout ahead': pushing,
  'lifting, with three unanswered probes alone as the verdict': liftingBut(areProbesUnanswered(0), rtoMaxFor),
  'lifting, with a verdict while the third probe is on its way': liftingBut(areProbesUnanswered(0.6), rtoMaxFor),
  'lifting, with a verdict of 1 ms': liftingBut(areProbesUnanswered(0.69), () => 1),
}

function findsDroppedLiving(rule: Rule): boolean {
  const property = fc.property(settings, lives, (setting, steps) => {
    const scenario = new Scenario(setting, rule)
    scenario.play(steps)
    scenario.pass(2 * setting.deadlineMs)
    return scenario.kernel.droppedAt === undefined
  })
  return fc.check(property, { numRuns: 100_000, endOnFailure: true }).failed
}

for (const [name, rule] of Object.entries(naive)) {
  test(`${name}: a living peer is dropped`, (t) => t.true(findsDroppedLiving(rule)))
}

test('lifting, with the parts of the package: none of the rules above', (t) => {
  t.false(findsDroppedLivingOnce(liftingBut(areProbesUnanswered(0.69), rtoMaxFor)))
})

function findsDroppedLivingOnce(rule: Rule): boolean {
  const property = fc.property(settings, lives, (setting, steps) => {
    const scenario = new Scenario(setting, rule)
    scenario.play(steps)
    return scenario.kernel.droppedAt === undefined
  })
  return fc.check(property, { numRuns: 1000, endOnFailure: true }).failed
}

/** The readers of the measurement with a real kernel (loopback, D = 6 s), each for 60 s. */
const readers: ReadonlyArray<readonly [name: string, bytes: number, everyMs: number, capacity: number]> = [
  ['nothing at all', 0, 1000, 2304],
  ['20,000 bytes each 3 s', 20_000, 3000, 65_536],
  ['1,000 bytes each 0.1 s with a receive buffer of 8 KB', 1000, 100, 8192],
  ['4 KB each 0.5 s with 16 KB', 4096, 500, 16_384],
]

function readSlowly(rule: Rule, bytes: number, everyMs: number, capacity: number): number | undefined {
  const setting: Setting = {
    deadlineMs: 6000,
    mss: 65_483,
    capacity,
    grain: capacity / 2,
    delay: 0,
    sweepLateness: 0.02,
    timerLateness: [0.5],
  }
  const scenario = new Scenario(setting, rule)
  const times = 60_000 / everyMs
  scenario.play([
    { kind: 'write', bytes: 3_000_000 },
    { kind: 'read', bytes, times, share: 10 },
  ])
  return scenario.kernel.droppedAt
}

for (const [name, ...reader] of readers) {
  test(`who reads ${name} is dropped by the kernel alone, and lives with the rule`, (t) => {
    const dropped = readSlowly(kernelAlone, ...reader)
    // Measured: after 4.7 to 6.6 s.
    t.true(dropped !== undefined && dropped > 4000 && dropped < 8000, `dropped at ${dropped}`)
    t.is(readSlowly(lifting, ...reader), undefined)
  })
}

test('pushing keeps a peer that reads nothing, and drops one that reads 20,000 bytes each 3 s', (t) => {
  t.is(readSlowly(pushing, 0, 1000, 2304), undefined)
  t.not(readSlowly(pushing, 20_000, 3000, 65_536), undefined)
})
