import test from 'ava'
import { planKeepAlive } from 'tcp-keepalive'
import { MIDDLEBOXES } from '../../src/inspect/middleboxes.ts'
import { differences } from '../../src/inspect/overwritten.ts'
import { type Inspected, type KeepAliveWarningCode, warningsOf } from '../../src/inspect/warnings.ts'
import type { KeepAlive } from '../../src/settings/keepalive.ts'

const good: KeepAlive = { enabled: true, time: 60_000, interval: 10_000, retries: 3, userTimeout: 85_000 }

function inspected(values: Partial<KeepAlive>, rest: Partial<Inspected> = {}): Inspected {
  return { held: { ...good, ...values }, local: false, overwritten: [], platform: 'linux', ...rest }
}

function codes(values: Partial<KeepAlive>, rest?: Partial<Inspected>): KeepAliveWarningCode[] {
  return warningsOf(inspected(values, rest)).map(({ code }) => code)
}

test('good values give no warning', (t) => {
  t.deepEqual(codes({}), [])
})

for (const detectWithin of [5000, 6000, 10_000, 30_000, 60_000, 200_000]) {
  test(`the values for detectWithin ${detectWithin / 1000} s give no warning`, (t) => {
    t.deepEqual(warningsOf(inspected(planKeepAlive({ detectWithin }).settings)), [])
  })
}

interface Case {
  readonly says: RegExp
  readonly provoked: [Partial<KeepAlive>, Partial<Inspected>?]
  readonly not: [Partial<KeepAlive>, Partial<Inspected>?]
}

/** One for each code; a code without a case is an error of types. */
const cases: Record<KeepAliveWarningCode, Case> = {
  off: { says: /never noticed/, provoked: [{ enabled: false }], not: [{}] },
  slow: {
    says: /after 2 h 11 min 15 s/,
    provoked: [{ time: 7_200_000, interval: 75_000, retries: 9, userTimeout: 0 }],
    not: [{ time: 3_000_000, interval: 75_000, retries: 7, userTimeout: 0 }],
  },
  'no-user-timeout': {
    says: /15 minutes/,
    provoked: [{ userTimeout: 0 }],
    not: [{ userTimeout: undefined }], // Multipath TCP has no user timeout to set
  },
  'one-lost-probe': {
    says: /user timeout of 3 s, a single lost probe can end/,
    provoked: [{ time: 4000, interval: 1000, retries: 3, userTimeout: 3000 }],
    not: [{ time: 4000, interval: 1000, retries: 3, userTimeout: 6500 }],
  },
  contradiction: {
    says: /given up after 7 unanswered probes, not 3/,
    provoked: [{ time: 10_000, interval: 5000, retries: 3, userTimeout: 42_000 }],
    not: [{ time: 10_000, interval: 5000, retries: 3, userTimeout: 25_000 }],
  },
  'few-retries': {
    says: /2 lost probes in a row end a living connection/,
    provoked: [{ retries: 2, userTimeout: 0 }],
    not: [{ retries: 3, userTimeout: 0 }],
  },
  middlebox: {
    // A timer of 214 s may be 26.75 s late, and one of 213 s 26.625 s.
    says: /as late as 4 min 1 s, .*Azure Load Balancer \(4 min\), Azure NAT Gateway \(4 min\)$/,
    provoked: [{ time: 214_000, userTimeout: 0 }],
    not: [{ time: 213_000, userTimeout: 0 }],
  },
  'few-syns': {
    says: /as few as 3 SYNs are sent before the user timeout of 6.5 s: at 10 % loss each way 0\.7 % of attempts/,
    provoked: [{ time: 2000, interval: 1000, retries: 5, userTimeout: 6500 }, { planned: true }],
    not: [{ time: 3000, interval: 1000, retries: 5, userTimeout: 7500 }, { planned: true }],
  },
  'short-tolerance': {
    says: /^an outage of 3 s can end a living connection/,
    provoked: [{ time: 1000, interval: 1000, retries: 4, userTimeout: 4500 }, { planned: true }],
    not: [
      { time: 1000, interval: 1000, retries: 5, userTimeout: 5500 },
      { planned: true, deadline: 7000 },
    ],
  },
  overwritten: {
    says: /somebody has changed what was set: time 16 s is now 60 s/,
    provoked: [{}, { overwritten: ['time 16 s is now 60 s'] }],
    not: [{}],
  },
  'late-write': {
    says: /^the retransmission timeout is 3 s, .* only after 5 s$/,
    provoked: [{ userTimeout: 3500 }, { deadline: 5000, retransmissionTimeout: 3000, hasRtoMax: false }],
    not: [{ userTimeout: 3500 }, { deadline: 5000, retransmissionTimeout: 3000, hasRtoMax: true }],
  },
}

for (const [code, { says, provoked, not }] of Object.entries(cases)) {
  test(`${code}: given when it applies, and not otherwise`, (t) => {
    const told = warningsOf(inspected(...provoked)).find((warning) => warning.code === code)
    t.regex(told?.message ?? '', says)
    t.false(codes(...not).some((given) => given === code))
  })
}

test('one lost probe by the user timeout gives one warning, and a single retry counts as few retries', (t) => {
  t.deepEqual(codes({ time: 4000, interval: 1000, retries: 3, userTimeout: 3000 }), ['one-lost-probe'])
  t.deepEqual(codes({ retries: 1, userTimeout: 65_000 }), ['few-retries'])
})

test('a late first probe can leave the user timeout no time for a second', (t) => {
  const values = { time: 60_000, interval: 1000, retries: 5 } // 67.5 s, an eighth later
  t.deepEqual(codes({ ...values, userTimeout: 64_500 }), ['one-lost-probe'])
  t.deepEqual(codes({ ...values, userTimeout: 69_500 }), ['contradiction'])
})

test('values that the system does not report give no warning', (t) => {
  const unknown = { time: undefined, interval: undefined, retries: undefined, userTimeout: undefined }
  t.deepEqual(codes(unknown, { platform: 'win32' }), [])
})

test('only Linux has a warning for how long a write can hang, and only there timers are late', (t) => {
  const message = (platform: string): string => {
    const all = warningsOf(inspected({ userTimeout: 0 }, { platform }))
    return all.find(({ code }) => code === 'no-user-timeout')?.message ?? ''
  }
  t.regex(message('linux'), /15 minutes$/)
  t.regex(message('win32'), /can hang until the system has sent it often enough$/)
  t.deepEqual(codes({ time: 239_000 }, { platform: 'darwin' }), [])
  t.deepEqual(codes({ time: 240_000 }, { platform: 'darwin' }), ['middlebox'])
})

test('if keepalive ends a write too, a missing user timeout gives no warning, unless keepalive takes an hour', (t) => {
  const values = { time: 10_000, interval: 5000, retries: 4, userTimeout: 0 }
  for (const platform of ['linux', 'win32']) t.deepEqual(codes(values, { platform }), ['no-user-timeout'])
  for (const platform of ['darwin', 'freebsd']) {
    t.deepEqual(codes(values, { platform }), [])
    t.true(codes({ ...values, enabled: false }, { platform }).includes('no-user-timeout'))
    t.true(codes({ ...values, time: 7_200_000 }, { platform }).includes('no-user-timeout'))
  }
})

test('FreeBSD may probe with keepalive off', (t) => {
  const message = (platform: string): string | undefined =>
    warningsOf(inspected({ enabled: false }, { platform })).find(({ code }) => code === 'off')?.message
  t.regex(message('freebsd') ?? '', /never noticed unless net.inet.tcp.always_keepalive is 1$/)
  t.regex(message('darwin') ?? '', /never noticed$/)
})

test('on systems other than Linux a user timeout gives no warning about probes', (t) => {
  t.deepEqual(
    codes({ time: 4000, interval: 1000, retries: 3, userTimeout: 3000 }, { platform: 'darwin' }),
    [],
  )
})

test('few SYNs give a warning in a plan, but not for an established connection', (t) => {
  const values = { time: 1000, interval: 1000, retries: 4, userTimeout: 4500 }
  t.deepEqual(codes(values, { planned: true }), ['few-syns', 'short-tolerance'])
  t.deepEqual(codes(values), [])
  t.deepEqual(codes(values, { planned: true, platform: 'darwin' }), ['short-tolerance'])
  t.deepEqual(codes({ ...values, userTimeout: 0 }, { planned: true }), ['no-user-timeout', 'short-tolerance'])
})

test("a connection to the program's own machine gets no warning about middleboxes", (t) => {
  t.deepEqual(codes({ time: 240_000, userTimeout: 0 }, { local: true }), ['no-user-timeout'])
})

test('every middlebox has a source, and the one that forgets soonest comes first', (t) => {
  for (const { source } of MIDDLEBOXES) t.true(URL.canParse(source), source)
  const times = MIDDLEBOXES.map(({ forgetsAfter }) => forgetsAfter)
  t.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
})

test('values that were left out of a set are not compared', (t) => {
  const set = { enabled: true, timeSeconds: 16, intervalSeconds: -1, retries: 5, userTimeoutMs: -1 }
  t.deepEqual(differences(set, { ...good, time: 16_000, retries: 5 }), [])
  t.deepEqual(differences(set, good), ['time 16 s is now 1 min', 'retries 5 is now 3'])
  t.deepEqual(differences(set, { ...good, enabled: false, time: 16_000, retries: 5 }), ['keepalive is off'])
})
