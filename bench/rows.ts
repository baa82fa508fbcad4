/** The table: what is claimed, and which measurement shows it. */
import type { Spread } from './paired.ts'

/** What a program says of one measurement (say.ts). */
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
  /** `undefined` where nothing is promised. */
  readonly met: boolean | undefined
}

/** A row from the measurements; `undefined` where they are not there. */
type RowOf = (all: Measurements) => Row | undefined

const number = (value: number, digits = 2): string => value.toFixed(digits)
const between = ({ low, high }: Spread, show = number): string => `${show(low)} … ${show(high)}`

/** measured / reference, at most `most`; without a bound it is only told. */
function atMost(name: string, what: string, most?: number): RowOf {
  return (all) => {
    const one = all.get(name)
    if (!one?.ratio || !one.self) return undefined
    const { reference = 0, measured = 0, ratio, self } = one
    return {
      what,
      bound: most === undefined ? '–' : `≤ ${number(most)} ×`,
      found: `${number(ratio.median)} × (${nanoseconds(measured)} to ${nanoseconds(reference)})`,
      spread: `${between(ratio)}; itself ${between(self)}`,
      met: most === undefined ? undefined : ratio.median <= most,
    }
  }
}

/** reference / measured, at least `least`. */
function faster(name: string, what: string, least?: number): RowOf {
  return (all) => {
    const one = all.get(name)
    if (!one?.ratio || !one.self) return undefined
    const { reference = 0, measured = 0, ratio, self } = one
    const turned = { low: 1 / ratio.high, median: 1 / ratio.median, high: 1 / ratio.low }
    return {
      what,
      bound: least === undefined ? '–' : `≥ ${number(least, 1)} × faster`,
      found: `${number(turned.median)} × faster (${nanoseconds(measured)} to ${nanoseconds(reference)})`,
      spread: `${between(turned)}; itself ${between(self)}`,
      met: least === undefined ? undefined : turned.median >= least,
    }
  }
}

function nanoseconds(value: number): string {
  if (value >= 10_000_000) return `${number(value / 1_000_000, 1)} ms`
  return value >= 10_000 ? `${number(value / 1000, 1)} µs` : `${number(value, 0)} ns`
}

/** A plain figure of a measurement. */
function figure(name: string, key: string, what: string, most: number, unit: string): RowOf {
  return (all) => {
    const value = all.get(name)?.[key]
    if (typeof value !== 'number') return undefined
    return {
      what,
      bound: `≤ ${most} ${unit}`,
      found: `${number(value, 1)} ${unit}`,
      spread: '',
      met: value <= most,
    }
  }
}

const heldCall: RowOf = (all) => {
  const one = all.get('held-call')
  if (!one?.difference || !one.self) return undefined
  return {
    what: "a held socket's later `socket.setKeepAlive` that changes nothing, over Node's own",
    bound: '≤ 60 ns',
    found: nanoseconds(one.difference.median),
    spread: `${between(one.difference, nanoseconds)}; itself ${between(one.self)}`,
    met: one.difference.median <= 60,
  }
}

const installMatching: RowOf = (all) => {
  const one = all.get('install-matching')
  const inC = all.get('first-set-user-timeout')?.reference
  if (!one?.difference || !one.self || inC === undefined) return undefined
  const over = (value: number): string => `${number((value - inC) / 1000, 1)} µs`
  return {
    what: "install: connect + close, sockets that match, over C's system calls",
    bound: '≤ 6 µs',
    found: over(one.difference.median),
    spread: `${between(one.difference, over)}; itself ${between(one.self)}`,
    met: one.difference.median - inC <= 6000,
  }
}

const leftBehind: RowOf = (all) => {
  const left = all.get('growth')?.['resourcesLeft']
  if (typeof left !== 'string') return undefined
  const found = left === '' ? 'none' : left
  return { what: 'the same: handles and timers left', bound: 'none', found, spread: '', met: left === '' }
}

const sweepNone: RowOf = (all) => {
  const count = all.get('sweep-none')?.['timers']
  if (typeof count !== 'number') return undefined
  const what = 'timers of the sweep while no socket has a deadline'
  return { what, bound: 'none', found: count === 0 ? 'none' : String(count), spread: '', met: count === 0 }
}

const endpointsAgain: RowOf = (all) => {
  const one = all.get('endpoints-again')
  if (one?.measured === undefined) return undefined
  const what = 'the same socket asked for again (its endpoints are compared afresh)'
  return { what, bound: '≤ 20 µs', found: nanoseconds(one.measured), spread: '', met: one.measured <= 20_000 }
}

const loading = (name: string, what: string, most?: number): RowOf => {
  return (all) => {
    const one = all.get(name)
    const cost = one?.['milliseconds'] as Spread | undefined
    if (!one?.self || !cost) return undefined
    return {
      what,
      bound: most === undefined ? '–' : `≤ ${number(most, 1)} ms`,
      found: `${number(cost.median)} ms`,
      spread: `${between(cost)}; itself ${between(one.self)}`,
      met: most === undefined ? undefined : cost.median <= most,
    }
  }
}

const memory = (name: string, what: string, most?: number): RowOf => {
  return (all) => {
    const more = all.get(name)?.['megabytes'] as Spread | undefined
    if (!more) return undefined
    return {
      what,
      bound: most === undefined ? '–' : `≤ ${most} MB`,
      found: `${number(more.median, 1)} MB`,
      spread: between(more, (value) => number(value, 1)),
      met: most === undefined ? undefined : more.median <= most,
    }
  }
}

const probed: RowOf = (all) => {
  const one = all.get('probe') as unknown as Readonly<Record<string, number>> | undefined
  if (!one) return undefined
  const { milliseconds = 0, low = 0, high = 0, roundTrip = 0 } = one
  return {
    what: '`probePeer()` of a silent peer on loopback that lives: how soon it answers',
    bound: '–',
    found: `${number(milliseconds, 1)} ms (round trip ${number(roundTrip)} ms)`,
    spread: between({ low, median: milliseconds, high }),
    met: undefined,
  }
}

const psToSs: RowOf = (all) => {
  const one = all.get('ps-ss')
  const times = one?.['times'] as Spread | undefined
  if (!times) return undefined
  const { start = 0, ps = 0, ss = 0 } = one as unknown as Readonly<Record<string, number>>
  return {
    what: "`ps --check --within 60s` of the same beyond Node's own start, to `ss -tnop`, in processor time",
    bound: '≤ 2.00 ×',
    found: `${number(times.median)} × (${number(ps - start, 1)} ms to ${number(ss, 1)} ms)`,
    spread: between(times),
    met: times.median <= 2,
  }
}

const AGAIN = '`setKeepAlive(socket, { time, interval, retries })`, again and again'

export const rows: readonly RowOf[] = [
  atMost('set', `${AGAIN}, to C`, 1.12),
  atMost('set-user-timeout', 'the same with `userTimeout`, to C', 1.12),
  atMost('set-tls', 'the same on a TLSSocket, to C', 1.2),
  atMost('set-same-calls', `${AGAIN}, to C that makes the very same four system calls`),
  atMost(
    'c-six-arguments',
    'C behind the same six Node-API arguments, to C that makes the very same four system calls',
  ),
  atMost('native', "the binding's own call without the TypeScript, to C that asks first"),
  atMost('native-c', "the binding's own call, to C behind the same six Node-API arguments"),
  atMost('first-set', "the first set on a fresh socket, Node's record included, to C", 1.8),
  atMost('node26-four-arguments', `${AGAIN}, to Node 26's own four-argument call, which checks nothing`, 1.2),
  atMost('node-four-arguments', `${AGAIN}, to Node 24's four-argument call`),
  atMost(
    'node-two-arguments',
    `${AGAIN}, to Node 24's two-argument call (interval and retries are not to be had)`,
  ),
  faster(
    'net-keepalive',
    'against net-keepalive: interval, probes, user timeout, and socket.setKeepAlive',
    7,
  ),
  faster('koffi', `${AGAIN}, against koffi`, 1.3),
  faster('koffi-c', 'C behind the same six Node-API arguments, against koffi'),
  faster('ffi-rs', `${AGAIN}, against ffi-rs`),
  atMost('get', '`getKeepAlive`, to C', 1.3),
  atMost('tcp-info', "`getTcpInfo`, to C's one call", 1.6),
  heldCall,
  atMost('install-other', 'install: connect + close on loopback, sockets that do not match, to none', 1.03),
  installMatching,
  atMost(
    'install-deadline',
    'install with `detectWithin`: connect + close, to an install of the same values',
    1.03,
  ),
  loading('import-mjs', 'import (ESM), above a module that imports node:net', 2),
  loading('import-cjs', 'import (CommonJS), above a module that imports node:net', 2),
  loading('import-nothing-mjs', 'import (ESM) of a package that exports nothing'),
  loading('import-nothing-cjs', 'import (CommonJS) of a package that exports nothing'),
  loading('first-call-mjs', 'the first call in a program (ESM): `planKeepAlive`, which needs no socket'),
  loading('first-call-cjs', 'the first call in a program (CommonJS): `planKeepAlive`'),
  loading('first-install-mjs', 'the first call in a program (ESM): `installKeepAlive`, binary included'),
  loading('first-install-cjs', 'the first call in a program (CommonJS): `installKeepAlive`, binary included'),
  atMost(
    'register',
    '`--require tcp-keepalive/register` in `node -e 0`, to an empty file, in processor time',
    1.15,
  ),
  atMost('register-package', 'the same, to an empty file that is found as a package'),
  atMost(
    'register-variables',
    'the same with TCP_KEEPALIVE_DETECT_WITHIN and TCP_KEEPALIVE_MATCH, to an empty file',
  ),
  atMost('register-net', 'the same in a program that loads node:net, to an empty file', 1.1),
  memory(
    'register-memory',
    '`--require tcp-keepalive/register` in `node -e 0`: memory, over an empty file',
    2,
  ),
  memory('register-package-memory', 'the same, over an empty file that is found as a package'),
  atMost(
    'first-set-program',
    'a program that connects and sets, binary included, to the program without it, in processor time',
    1.08,
  ),
  figure('growth', 'residentMb', '1,000,000 sets and reads: growth over the last four fifths', 4, 'MB'),
  leftBehind,
  figure('held-memory', 'heldBytes', '10,000 sockets held: heap for each', 300, 'bytes'),
  figure('held-memory', 'endedBytes', 'the same, released and ended: what stays of it', 30, 'bytes'),
  figure('installed-memory', 'heldBytes', '10,000 sockets held by an install: heap for each', 300, 'bytes'),
  figure('installed-memory', 'endedBytes', 'the same, ended: what stays of it', 30, 'bytes'),
  ...[10, 100, 1000, 10_000, 18_000].map((count) =>
    atMost(`many-${count}`, `set on ${count.toLocaleString('en')} sockets, to C at the same number`, 1.15),
  ),
  atMost(
    'endpoints',
    "descriptor by endpoints among 2,000 sockets, at worst, to C's getsockname over all",
    1.5,
  ),
  endpointsAgain,
  atMost(
    'sweep-in-flight',
    "a sweep over 10,000 sockets with data in flight, for each, to C's one getsockopt",
    1.3,
  ),
  atMost('sweep-idle', 'a sweep over 10,000 idle sockets, for each, to the same getsockopt', 0.1),
  sweepNone,
  atMost(
    'reach',
    "`reach: 'process'`: a look over 10,000 descriptors of which 100 are new, to C's getsockname over all",
    1.5,
  ),
  atMost('inspect-sockets', '`inspectSockets()` of 10,000 sockets, for each, to C that asks the same', 1.5),
  atMost('ps', "`tcp-keepalive ps` of a process with 1,000 sockets, to Node's own start", 4),
  probed,
  figure('probe', 'refused', '`probePeer()` of 10,000 healthy peers: refused', 0, ''),
  psToSs,
]
