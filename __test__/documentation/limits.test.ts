/** The figures in docs/limits.md equal the computed ones. */
import test from 'ava'
import { latestWrite, longestRetransmissionTimeout } from '../../src/settings/detection.ts'
import { planKeepAlive } from '../../src/settings/plan.ts'
import { pages } from './pages.ts'

const { markdown = '' } = pages.find(({ path }) => path === 'docs/limits.md') ?? {}

/** RFC 6298, 5.7: after a SYN was retransmitted, the retransmission timeout starts at 3 s. */
const AFTER_LOST_SYN_ACK_MS = 3000

const longestAt = (deadline: number): number =>
  longestRetransmissionTimeout(planKeepAlive({ detectWithin: deadline }).settings.userTimeout ?? 0, deadline)

test('up to which retransmission timeout a deadline holds', (t) => {
  const [, list = ''] =
    /deadline holds up to a retransmission\s+timeout of ([^.]*(?:\.\d[^.]*)*)\./.exec(markdown) ?? []
  const said = [...list.matchAll(/([\d.]+) s at\s+(\d+) s/g)].map(([, timeout, deadline]) => [
    Number(deadline),
    Number(timeout),
  ])
  t.is(said.length, 4)
  for (const [deadline = 0, timeout = 0] of said)
    t.is(Math.round(longestAt(deadline * 1000) / 100) / 10, timeout)
})

test('from which deadline on a lost SYN-ACK does no harm', (t) => {
  const first = Number(/Deadlines from (\d+) s on hold/.exec(markdown)?.[1])
  const holds = (seconds: number): boolean => longestAt(seconds * 1000) >= AFTER_LOST_SYN_ACK_MS
  t.false(holds(first - 1))
  for (let seconds = first; seconds <= 600; seconds++) t.true(holds(seconds), String(seconds))
})

test('the longest retransmission timeout is the last with which the latest write is in time', (t) => {
  for (let seconds = 5; seconds <= 600; seconds++) {
    const deadline = seconds * 1000
    const { userTimeout = 0 } = planKeepAlive({ detectWithin: deadline }).settings
    const longest = longestAt(deadline)
    t.true(latestWrite(userTimeout, longest, Infinity) <= deadline, String(seconds))
    t.true(latestWrite(userTimeout, longest + 1, Infinity) > deadline, String(seconds))
  }
})
