/** Two sets of values, one after the other, as one. */
import { type KernelValues, LEAVE } from './options.ts'

/** `values`, changed by the fields that `asked` gives. */
export function amend(values: KernelValues, asked: KernelValues): KernelValues {
  return {
    enabled: asked.enabled,
    timeSeconds: asked.timeSeconds === LEAVE ? values.timeSeconds : asked.timeSeconds,
    intervalSeconds: asked.intervalSeconds === LEAVE ? values.intervalSeconds : asked.intervalSeconds,
    retries: asked.retries === LEAVE ? values.retries : asked.retries,
    ...deadlineOf(values, asked),
  }
}

type Deadline = Pick<KernelValues, 'userTimeoutMs' | 'deadlineMs' | 'rtoMaxMs' | 'connectTimeoutMs'>

/**
 * A deadline belongs to the user timeout that was solved for it, so the two are replaced together. Where no user timeout is solved
 * (not Linux), only `connectTimeoutMs` is kept or replaced.
 */
function deadlineOf(values: KernelValues, asked: KernelValues): Deadline {
  const { userTimeoutMs, deadlineMs, rtoMaxMs } = asked.userTimeoutMs === LEAVE ? values : asked
  const left = asked.userTimeoutMs === LEAVE ? values.connectTimeoutMs : undefined
  const connectTimeoutMs = asked.connectTimeoutMs ?? left
  return {
    userTimeoutMs,
    ...(deadlineMs === undefined ? {} : { deadlineMs, rtoMaxMs }),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
  }
}
