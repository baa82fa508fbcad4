/** Which errors a call may end in. */
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

/** What Node-API's own checks of arguments are called (Status of napi-rs). */
const BINDING = /^(InvalidArg|(Object|String|Boolean|Number|Function|Array)Expected)$/

/** Of a proxy that is looked at when it has been revoked, and of a class that is called as a function. */
const OF_THE_LANGUAGE = / proxy that has been revoked| cannot be invoked without 'new'/

export type ErrorKind = 'argument' | 'own' | 'system' | 'thrown' | 'binding'

/** `undefined`: one that no call may end in. */
export function kindOf(error: unknown, isRaw = false): ErrorKind | undefined {
  if (THROWN.includes(error)) return 'thrown'
  if (!(error instanceof Error)) return undefined
  const { code, errno, syscall, option } = error as Error & Record<string, unknown>
  // What the language itself says of what the program has given.
  if (error instanceof TypeError && OF_THE_LANGUAGE.test(error.message)) return 'thrown'
  if (typeof code !== 'string') return undefined
  if (isRaw) return BINDING.test(code) ? 'binding' : undefined
  if (ARGUMENTS.has(code)) return 'argument'
  if (OURS.has(code)) return 'own'
  const isSystem = /^E[A-Z\d]+$/.test(code) && typeof errno === 'number' && errno < 0
  return isSystem && /^[gs]etsockopt$/.test(String(syscall)) && typeof option === 'string'
    ? 'system'
    : undefined
}

/** How an error is counted. */
export function codeOf(error: unknown, kind: ErrorKind): string {
  return kind === 'thrown' ? "the program's own" : (error as { code: string }).code
}
