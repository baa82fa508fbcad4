import test from 'ava'
import { otherPrograms } from '../../src/cli/other-programs.ts'
import { timeline } from '../../src/cli/timeline.ts'
import { planKeepAlive } from '../../src/settings/plan.ts'
import { cli } from './command.ts'

test('a plan as text, as a timeline and for other programs, in 80 columns', (t) => {
  const { status, stdout, stderr } = cli('plan', '--detect-within', '30s')
  t.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  t.is(
    stdout,
    `--detect-within 30s
  keepalive     on      whether the kernel probes at all
  time          11 s    silence before the first probe
  interval      3 s     between unanswered probes
  retries       5       unanswered probes before the kernel gives up
  user timeout  25.5 s  how long sent data may stay unacknowledged

While the program only waits, a dead peer is noticed after 26 s
  0 s                            11 s                                   26 s
  ●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┿━━━━━━━┿━━━━━━━━┿━━━━━━━┿━━━━━━━━┿━━━━━━━✖
  last heard                     5 probes, 3 s apart                detected
  A living peer survives an outage of 12 s.

When it writes, after 26 s
  0 s                                                                   26 s
  ●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━✖
  write, sent again until the user timeout                          detected
  A living peer survives an outage of 18.4 s; before Linux 6.15, 12.8 s.
  It may take more than 30 s:
  - on a raw descriptor, from a retransmission timeout of 1.2 s on; after a lost SYN-ACK it is 3 s
  - before Linux 6.15, from one of 6 s on, and if the peer stopped reading before it died

When it connects, after 25.5 s
  A living peer survives an outage of 15 s.

The same for others
  libpq: a connection string of psql, psycopg, PQconnectdb ...
  keepalives=1 keepalives_idle=11 keepalives_interval=3 keepalives_count=5
  tcp_user_timeout=25500
  pgbouncer.ini
  tcp_keepalive = 1
  tcp_keepidle = 11
  tcp_keepintvl = 3
  tcp_keepcnt = 5
  tcp_user_timeout = 25500
  sysctl: all sockets with keepalive on; it has no user timeout
  net.ipv4.tcp_keepalive_time = 11
  net.ipv4.tcp_keepalive_intvl = 3
  net.ipv4.tcp_keepalive_probes = 5
`,
  )
})

test('the four values can be planned too, and errors in them are reported', (t) => {
  const { status, stdout } = cli(
    'plan',
    ...'--time 2h --interval 75s --retries 9 --user-timeout 0'.split(' '),
  )
  t.is(status, 0)
  t.regex(stdout, /is noticed after 2 h 11 min 15 s\n/)
  t.regex(stdout, /^ {2}! there is no user timeout: .*\n {4}about 15 minutes$/m)
  t.true(stdout.split('\n').every((line) => line.length <= 80))
})

test('without values, the plan is for 60 s', (t) => {
  const { status, stdout } = cli('plan')
  t.is(status, 0)
  t.is(stdout, cli('plan', '--detect-within', '60s').stdout)
  t.regex(stdout, /^--detect-within 60s\n/)
})

test('--tolerate gives the shortest deadline in whole seconds that survives such an outage', (t) => {
  for (const outage of [1, 4, 5, 20, 60, 500]) {
    const { detectWithin } = JSON.parse(cli('plan', '--tolerate', `${outage}s`, '--json').stdout) as {
      detectWithin: number
    }
    const survives = (deadline: number): boolean => {
      const { idle, write = 0, connect = 0 } = planKeepAlive({ detectWithin: deadline }).tolerates
      // Linux itself sends its last SYN after 63 s.
      return Math.min(idle, write) >= outage * 1000 && connect >= Math.min(outage, 63) * 1000
    }
    t.true(survives(detectWithin), `${detectWithin} for ${outage} s`)
    for (let shorter = 5000; shorter < detectWithin; shorter += 1000) t.false(survives(shorter))
  }
  t.regex(cli('plan', '--tolerate', '20s').stdout, /^--detect-within 51s\n/)
  t.regex(cli('plan', '--help').stdout, /--tolerate TIME/)
})

test('a plan with few SYNs gets a warning, because normal packet loss may then make an attempt to connect fail', (t) => {
  t.regex(cli('plan', '--detect-within', '8s').stdout, /! while connecting, as few as 3 SYNs/)
  t.notRegex(cli('plan', '--detect-within', '9s').stdout, /! .*SYN/)
})

test('a plan gets a warning if an outage of a few seconds would end a living connection', (t) => {
  t.regex(cli('plan', '--detect-within', '6s').stdout, /! an outage of 3 s can end a living connection/)
  t.notRegex(cli('plan', '--detect-within', '7s').stdout, /can end a living connection/)
  t.regex(cli('plan', '--time', '60s', '--interval', '1s', '--retries', '4').stdout, /! an outage of 3 s/)
})

test('no warning about a missed deadline without a deadline, or without its half for writes', (t) => {
  for (const args of [
    ['--time', '5s'],
    ['--detect-within', '30s', '--user-timeout', '0'],
  ]) {
    t.notRegex(cli('plan', ...args).stdout, /It may take more than/)
    t.false('longestRetransmissionTimeout' in (JSON.parse(cli('plan', ...args, '--json').stdout) as object))
  }
})

test('as JSON, in milliseconds', (t) => {
  const plan = JSON.parse(cli('plan', '--detect-within', '10s', '--json').stdout) as object
  t.like(plan, {
    settings: { enabled: true, time: 3000, interval: 1000, retries: 5, userTimeout: 7500 },
    detectWithin: 10_000,
    detection: { idle: 8000, write: 8000, connect: 7500 },
    tolerates: { idle: 4000, write: 5200, connect: 3000 },
    withoutRtoMax: { idle: 4000, write: 6400, connect: 3000 },
    longestRetransmissionTimeout: 834,
    warnings: [],
  })
})

for (const [args, complaint] of [
  [['--detect-within', '3'], /--detect-within: "3" is not a duration: a duration needs its unit: 3s or 3ms/],
  [
    ['--detect-within', '3s'],
    /--detect-within is out of range. It must be from 5 s to 20 h 28 min 43.5 s. Received 3 s/,
  ],
  [['--detect-within', '30s', '--time', '5s'], /--detect-within solves for --time/],
  [['--retries', 'x'], /--retries: "x" is not a count: write a whole number such as 5/],
  [['--retries', '0x5'], /--retries: "0x5" is not a count/],
  [['--retries', '200'], /the value of --retries is out of range/],
  [['--tolerate', '20'], /--tolerate: "20" is not a duration/],
  [['--tolerate', '20s', '--time', '5s'], /--tolerate solves for all values, so no other value can be given/],
  [['--tolerate', '20h'], /--tolerate: no deadline is long enough to survive 20 h/],
  [['--tim', '5s'], /unknown option '--tim'/i],
  [['--user-timeout', '-5s'], /option '--user-timeout' argument is ambiguous \(/],
  [['30s'], /give values to plan, as in --detect-within 30s/],
] as const) {
  test(`plan ${args.join(' ')}: one line that says what is wrong, and exit code 2`, (t) => {
    const { status, stdout, stderr } = cli('plan', ...args)
    t.deepEqual({ status, stdout }, { status: 2, stdout: '' })
    t.regex(stderr, complaint)
    t.regex(stderr, /^tcp-keepalive: [^\n]+\n$/)
  })
}

test('a label in the middle is left out if there is no room for it', (t) => {
  const labels = ['a long label above', 'below'] as const
  const marks = [0, 5, 10].map((at) => ({ at, sign: '+', labels }))
  const [above, line, below] = timeline(marks, 41)
  t.is(above, 'a long label above     a long label above')
  t.is(line, `+${'━'.repeat(19)}+${'━'.repeat(19)}+`)
  t.is(below, 'below               below           below')
})

test('keepalive off is also shown as off for other programs', (t) => {
  const off = { enabled: false, time: 7_200_000, interval: 75_000, retries: 9, userTimeout: 0 }
  t.is(otherPrograms(off).libpq['keepalives'], 0)
  t.is(otherPrograms(off).pgbouncer['tcp_keepalive'], 0)
})
