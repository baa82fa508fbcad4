/** The part `slow-readers`: slow readers of every kind, with deadlines of 10 and 30 s. They live for four deadlines, then die. */
import { withLab } from '../../lab/network/lab.ts'
import { type Course, liveAndDie } from '../../lab/readers/dying.ts'
import { KINDS } from '../../lab/readers/kinds.ts'
import { isInTime } from '../../lab/timing.ts'
import { readOptions, wholeNumber } from '../arguments.ts'
import type { Figure } from '../record.ts'

export const usage = '  --deadlines N,…  in seconds (10,30)'

export async function run(options: readonly string[]): Promise<Figure[]> {
  const { deadlines: given = '10,30' } = readOptions(options, 'deadlines')
  const deadlines = given.split(',').map((text) => wholeNumber('deadlines', text, 0) * 1000)
  const courses = await Promise.all(
    deadlines.map(async (deadline) => ({ deadline, course: await one(deadline) })),
  )
  return courses.flatMap(({ deadline, course }) => figuresOf(deadline, course))
}

async function one(deadline: number): Promise<Course> {
  const plan = { options: { detectWithin: deadline }, livingMs: 4 * deadline, deadMs: 3 * deadline }
  return withLab((lab) => liveAndDie(lab, plan))
}

function figuresOf(deadline: number, { dropped, dying }: Course): Figure[] {
  const late = dying.filter(({ took, pausedMs }) => took === undefined || !isInTime(took, pausedMs, deadline))
  if (dropped.length > 0) throw new Error(`living peers were dropped: ${JSON.stringify(dropped)}`)
  if (late.length > 0) throw new Error(`reported late or never: ${JSON.stringify(late)}`)
  const seconds = deadline / 1000
  return [
    [`${seconds} s: living connections, dropped within ${4 * seconds} s`, `${dying.length}, 0`],
    ...KINDS.map(({ name }): Figure => {
      const latest = Math.max(
        ...dying.filter((one) => one.name.includes(name)).map(({ took = Number.NaN }) => took),
      )
      return [`${seconds} s: ${name}, told of its death after at most`, `${(latest / 1000).toFixed(1)} s`]
    }),
  ]
}
