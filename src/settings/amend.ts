/** Two sets of values, one after the other, as one. */
import { type KernelValues, LEAVE } from './options.ts'

/** `values`, changed by the fields that `asked` gives. */
export function amend(values: KernelValues, asked: KernelValues): KernelValues {
  return {
    enabled: asked.enabled,
    timeSeconds: asked.timeSeconds === LEAVE ? values.timeSeconds : asked.timeSeconds,
    intervalSeconds: asked.intervalSeconds === LEAVE ? values.intervalSeconds : asked.intervalSeconds,
    retries: asked.retries === LEAVE ? values.retries : asked.retries,
    userTimeoutMs: asked.userTimeoutMs === LEAVE ? values.userTimeoutMs : asked.userTimeoutMs,
  }
}
