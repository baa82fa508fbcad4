/** The errors that a call may end with. */
import { THROWN } from './values.ts'

const ARGUMENTS = new Set(['ERR_INVALID_ARG_TYPE', 'ERR_OUT_OF_RANGE', 'ERR_INVALID_ARG_VALUE'])

const OURS = new Set(
  [
    'UNKNOWN_OPTION',
    'CONFLICTING_OPTIONS',
    'UNSUPPORTED',
    'NOT_CONNECTED',
    'NOT_LISTENING',
    'DESTROYED',
    'NOT_TCP',
    'NO_DESCRIPTOR',
    'BUSY',
  ].map((name) => `ERR_TCP_KEEPALIVE_${name}`),
)

/** The codes of the binding's own argument checks (Status of napi-rs). */
const BINDING = /^(InvalidArg|(Object|String|Boolean|Number|Function|Array)Expected)$/

/** V8's errors for a revoked proxy, and for a class that is called as a function. */
const OF_THE_LANGUAGE = / proxy that has been revoked| cannot be invoked without 'new'/

export type ErrorKind = 'argument' | 'own' | 'system' | 'thrown' | 'binding'

/** @returns `undefined` for an error that no call may end with */
export function kindOf(error: unknown, isOfBinding = false): ErrorKind | undefined {
  if (THROWN.includes(error)) return 'thrown'
  if (!(error instanceof Error)) return undefined
  const { code, errno, syscall, option } = error as Error & Record<string, unknown>
  if (error instanceof TypeError && OF_THE_LANGUAGE.test(error.message)) return 'thrown'
  if (typeof code !== 'string') return undefined
  if (isOfBinding) return BINDING.test(code) ? 'binding' : undefined
  if (ARGUMENTS.has(code)) return 'argument'
  if (OURS.has(code)) return 'own'
  const isSystem = /^E[A-Z\d]+$/.test(code) && typeof errno === 'number' && errno < 0
  const isNamed = /^[gs]etsockopt$/.test(String(syscall)) && typeof option === 'string'
  return isSystem && isNamed ? 'system' : undefined
}

/** The name under which an error is counted. */
export function codeOf(error: unknown, kind: ErrorKind): string {
  return kind === 'thrown' ? "the program's own" : (error as { code: string }).code
}
