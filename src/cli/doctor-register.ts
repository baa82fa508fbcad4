/** What `register` would do in the environment of this process. */
import { type KeepAlive, planKeepAlive } from 'tcp-keepalive'
import { inVariables, isOff, isRequired, variablesIn } from '../settings/environment.ts'
import { registrationFrom } from '../settings/registration.ts'
import type { RegisterFindings } from './doctor-findings.ts'

/** @param base the values of a new socket; by default those of Linux */
export function examineRegister(base: KeepAlive | undefined): RegisterFindings {
  const { env } = process
  const common = { variables: variablesIn(env), required: isRequired(env), reach: 'thread' } as const
  if (isOff(env)) return { ...common, off: true, problem: undefined, match: undefined, plan: undefined }
  try {
    const { options, ...scope } = registrationFrom(env)
    const plan = planKeepAlive(options, ...(base ? [base] : []))
    return { ...common, off: false, problem: undefined, ...scope, plan }
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error))
    const problem = inVariables(message.split('\n', 1)[0] ?? '')
    return { ...common, off: false, problem, match: undefined, plan: undefined }
  }
}
