/** The table: each row, its bound, and the measurement that it shows. */
import type { Spread } from './paired.ts'

/** The result of one measurement, which a program prints (say.ts). */
export interface Measurement {
  readonly name: string
  readonly reference?: number
  readonly measured?: number
  readonly ratio?: Spread
  readonly difference?: Spread
  readonly self?: Spread
  readonly [other: string]: unknown
}

export type Measurements = ReadonlyMap<string, Measurement>

export interface Row {
  readonly what: string
  readonly bound: string
  readonly found: string
  readonly spread: string
  /** `undefined` without a bound. */
  readonly met: boolean | undefined
}

/** A row from the measurements; `undefined` if these are missing. */
type RowOf = (all: Measurements) => Row | undefined

const number = (value: number, digits = 2): string => value.toFixed(digits)
const between = ({ low, high }: Spread, show = number): string => `${show(low)} … ${show(high)}`
const withSelf = (spread: Spread, self: Spread, show = number): string =>
  `${between(spread, show)}; itself ${between(self)}`

/** A row with an upper bound, if there is one. @param limit the bound in words, or shows it */
function bounded(
  what: string,
  [value, most]: readonly [value: number, most: number | undefined],
  limit: string | ((most: number) => string),
  found: string,
  spread = '',
): Row {
  if (most === undefined) return { what, bound: '–', found, spread, met: undefined }
  const bound = typeof limit === 'string' ? limit : `≤ ${limit(most)}`
  return { what, bound, found, spread, met: value <= most }
}

/** measured / reference, at most `most`. */
function atMost(name: string, what: string, most?: number): RowOf {
  return (all) => {
    const one = all.get(name)
    if (!one?.ratio || !one.self) return undefined
    const { reference = 0, measured = 0, ratio, self } = one
    const found = `${number(ratio.median)} × (${nanoseconds(measured)} to ${nanoseconds(reference)})`
    return bounded(what, [ratio.median, most], (limit) => `${number(limit)} ×`, found, withSelf(ratio, self))
  }
}

/** reference / measured, at least `least`. */
function faster(name: string, what: string, least?: number): RowOf {
  return (all) => {
    const one = all.get(name)
    if (!one?.ratio || !one.self) return undefined
    const { reference = 0, measured = 0, ratio, self } = one
    const turned = { low: 1 / ratio.high, median: 1 / ratio.median, high: 1 / ratio.low }
    const found = `${number(turned.median)} × faster (${nanoseconds(measured)} to ${nanoseconds(reference)})`
    const limit = `≥ ${least?.toFixed(1)} × faster`
    return bounded(what, [ratio.median, least && 1 / least], limit, found, withSelf(turned, self))
  }
}

function nanoseconds(value: number): string {
  if (value >= 10_000_000) return `${number(value / 1_000_000, 1)} ms`
  return value >= 10_000 ? `${number(value / 1000, 1)} µs` : `${number(value, 0)} ns`
}

function figure(name: string, key: string, what: string, most: number, unit: string): RowOf {
  return (all) => {
    const value = all.get(name)?.[key]
    if (typeof value !== 'number') return undefined
    return bounded(what, [value, most], (limit) => `${limit} ${unit}`, `${number(value, 1)} ${unit}`)
  }
}

/** A spread of a measurement, with one digit less in its bound. */
function spreadOf(name: string, key: string, what: string, most: number | undefined, unit: string): RowOf {
  return (all) => {
    const one = all.get(name)
    const spread = one?.[key] as Spread | undefined
    if (!spread) return undefined
    const digits = one?.self ? 2 : 1
    const show = (value: number): string => number(value, digits)
    const text = one?.self ? withSelf(spread, one.self) : between(spread, show)
    const limit = (value: number): string => `${number(value, digits - 1)} ${unit}`
    return bounded(what, [spread.median, most], limit, `${show(spread.median)} ${unit}`, text)
  }
}

const heldCall: RowOf = (all) => {
  const { difference, self } = all.get('held-call') ?? {}
  if (!difference || !self) return undefined
  const what = "`socket.setKeepAlive` that changes nothing on a held socket, more than Node's own takes"
  const { median } = difference
  return bounded(what, [median, 60], '≤ 60 ns', nanoseconds(median), withSelf(difference, self, nanoseconds))
}

const installMatching: RowOf = (all) => {
  const { difference, self } = all.get('install-matching') ?? {}
  const inC = all.get('first-set-user-timeout')?.reference
  if (!difference || !self || inC === undefined) return undefined
  const what = "connect + close with an install that matches, more than without it and C's system calls"
  const over = (value: number): string => `${number((value - inC) / 1000, 1)} µs`
  const { median } = difference
  return bounded(what, [median - inC, 6000], '≤ 6 µs', over(median), withSelf(difference, self, over))
}

/** The same as a ratio: to what connecting, closing and C's system calls take together. */
const installMatchingRatio: RowOf = (all) => {
  const { reference, measured = 0, ratio, self } = all.get('install-matching') ?? {}
  const inC = all.get('first-set-user-timeout')?.reference
  if (!ratio || !self || reference === undefined || inC === undefined) return undefined
  const share = reference / (reference + inC)
  const what = "connect + close with an install that matches vs. connect + close and C's system calls"
  const found = `${number(ratio.median * share)} × (${nanoseconds(measured)} to ${nanoseconds(reference + inC)})`
  const ofBoth = (value: number): string => number(value * share)
  return bounded(what, [ratio.median * share, 1.05], '≤ 1.05 ×', found, withSelf(ratio, self, ofBoth))
}

/** A figure that must be an empty text, or zero. */
function none(name: string, key: string, what: string): RowOf {
  return (all) => {
    const found = all.get(name)?.[key] as string | number | undefined
    if (found === undefined) return undefined
    return bounded(what, [found ? 1 : 0, 0], 'none', found ? String(found) : 'none')
  }
}

const endpointsAgain: RowOf = (all) => {
  const { measured } = all.get('endpoints-again') ?? {}
  if (measured === undefined) return undefined
  const what = 'the same socket again (only its endpoints are compared)'
  return bounded(what, [measured, 20_000], '≤ 20 µs', nanoseconds(measured))
}

const probed: RowOf = (all) => {
  const one = all.get('probe') as unknown as Readonly<Record<string, number>> | undefined
  if (!one) return undefined
  const { milliseconds = 0, low = 0, high = 0, roundTrip = 0 } = one
  const what = '`probePeer()` of a silent living peer on loopback: time until it answers'
  const found = `${number(milliseconds, 1)} ms (round trip ${number(roundTrip)} ms)`
  return bounded(what, [0, undefined], '', found, between({ low, median: milliseconds, high }))
}

const psToSs: RowOf = (all) => {
  const one = all.get('ps-ss')
  const times = one?.['times'] as Spread | undefined
  if (!times) return undefined
  const { start = 0, ps = 0, ss = 0 } = one as unknown as Readonly<Record<string, number>>
  const what =
    "`ps --check --within 60s` of the same without Node's own start vs. `ss -tnop`, in processor time"
  const found = `${number(times.median)} × (${number(ps - start, 1)} ms to ${number(ss, 1)} ms)`
  return bounded(what, [times.median, 2], '≤ 2.00 ×', found, between(times))
}

const loading = (name: string, what: string, most?: number): RowOf =>
  spreadOf(name, 'milliseconds', what, most, 'ms')
const memory = (name: string, what: string, most?: number): RowOf =>
  spreadOf(name, 'megabytes', what, most, 'MB')

const REPEATED = 'repeated `setKeepAlive(socket, { time, interval, retries })`'
const IN_C = 'C behind the same six Node-API arguments'
const INSTALLED = 'connect + close with an install'
const FIRST = 'the first call in a program'
const REGISTER = '`--require tcp-keepalive/register` in `node -e 0`'

export const rows: readonly RowOf[] = [
  atMost('set', `${REPEATED} vs. C`, 1.12),
  atMost('set-user-timeout', 'the same with `userTimeout` vs. C', 1.12),
  atMost('set-tls', 'the same on a TLSSocket vs. C', 1.2),
  atMost('set-same-calls', `${REPEATED} vs. C that makes the same four system calls`),
  atMost('c-six-arguments', `${IN_C} vs. C that makes the same four system calls`),
  atMost('native', "the binding's own call without the TypeScript vs. C that checks the socket type first"),
  atMost('native-c', `the binding's own call vs. ${IN_C}`),
  atMost('first-set', "the first set on a new socket, and Node's record of it vs. C", 1.15),
  atMost('node26-four-arguments', `${REPEATED} vs. Node 26's four-argument call, which checks nothing`, 1.2),
  atMost('node-four-arguments', `${REPEATED} vs. Node 24's four-argument call`),
  atMost('node-two-arguments', `${REPEATED} vs. Node 24's two-argument call, without interval and retries`),
  faster('net-keepalive', 'repeated sets of all four values vs. net-keepalive and `socket.setKeepAlive`', 7),
  faster('koffi', `${REPEATED} vs. koffi`, 1.3),
  faster('koffi-c', `${IN_C} vs. koffi`),
  faster('ffi-rs', `${REPEATED} vs. ffi-rs`),
  atMost('get', '`getKeepAlive` vs. C', 1.3),
  atMost('tcp-info', "`getTcpInfo` vs. C's single call", 1.6),
  heldCall,
  atMost('install-other', `${INSTALLED} that does not match vs. no install`, 1.03),
  installMatching,
  installMatchingRatio,
  atMost('install-deadline', `${INSTALLED} of \`detectWithin\` vs. one of the same values`, 1.03),
  loading('import-mjs', 'import (ESM), more than a module that imports node:net takes', 2),
  loading('import-cjs', 'import (CommonJS), more than a module that imports node:net takes', 2),
  loading('import-nothing-mjs', 'import (ESM) of a package that exports nothing'),
  loading('import-nothing-cjs', 'import (CommonJS) of a package that exports nothing'),
  loading('first-call-mjs', `${FIRST} (ESM): \`planKeepAlive\`, which needs no socket`),
  loading('first-call-cjs', `${FIRST} (CommonJS): \`planKeepAlive\``),
  loading('first-install-mjs', `${FIRST} (ESM): \`installKeepAlive\`, which loads the binary`),
  loading('first-install-cjs', `${FIRST} (CommonJS): \`installKeepAlive\`, which loads the binary`),
  atMost('register', `${REGISTER} vs. an empty file, in processor time`, 1.15),
  atMost('register-package', 'the same vs. an empty file that is found as a package'),
  atMost('register-variables', 'the same with TCP_KEEPALIVE_DETECT_WITHIN and a match vs. an empty file'),
  atMost('register-net', 'the same in a program that loads node:net vs. an empty file', 1.1),
  memory('register-memory', `${REGISTER}: memory, more than with an empty file`, 2),
  memory('register-package-memory', 'the same, more than with an empty file that is found as a package'),
  atMost('first-set-program', 'a program that connects, with a set vs. without it, in processor time', 1.08),
  figure('growth', 'residentMb', '1,000,000 sets and reads: growth over the last four fifths', 4, 'MB'),
  none('growth', 'resourcesLeft', 'the same: handles and timers left'),
  figure('held-memory', 'heldBytes', '10,000 held sockets: heap of each', 300, 'bytes'),
  figure('held-memory', 'endedBytes', 'the same, released and closed: heap that remains', 30, 'bytes'),
  figure('installed-memory', 'heldBytes', '10,000 sockets held by an install: heap of each', 300, 'bytes'),
  figure('installed-memory', 'endedBytes', 'the same, closed: heap that remains', 30, 'bytes'),
  ...[10, 100, 1000, 10_000, 18_000].map((count) =>
    atMost(`many-${count}`, `set on ${count.toLocaleString('en')} sockets vs. C on as many`, 1.15),
  ),
  atMost('endpoints', "the longest search by endpoints in 2,000 sockets vs. C's getsockname on all", 1.5),
  endpointsAgain,
  atMost('sweep-in-flight', "a sweep over 10,000 sockets with data in flight, each vs. C's getsockopt", 1.3),
  atMost('sweep-idle', 'a sweep over 10,000 idle sockets, each vs. the same getsockopt', 0.1),
  none('sweep-none', 'timers', 'timers of the sweep while no socket has a deadline'),
  atMost('reach', "`reach`: scanning 10,000 descriptors, 100 of them new, vs. C's getsockname on all", 1.5),
  atMost('inspect-sockets', '`inspectSockets()` of 10,000 sockets, each vs. C that reads the same', 1.5),
  atMost('ps', "`tcp-keepalive ps` of a process with 1,000 sockets vs. Node's own start", 4),
  probed,
  figure('probe', 'refused', '`probePeer()` of 10,000 healthy peers: refused', 0, ''),
  psToSs,
]
