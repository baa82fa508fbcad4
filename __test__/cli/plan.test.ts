import test from 'ava'
import { otherPrograms } from '../../src/cli/other-programs.ts'
import { timeline } from '../../src/cli/timeline.ts'
import { cli } from './command.ts'

test('a plan in words, as a picture, and for other programs, in 80 columns', (t) => {
  const { status, stdout, stderr } = cli('plan', '--detect-within', '30s')
  t.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  t.is(
    stdout,
    `  keepalive     on      whether the kernel probes at all
  time          16 s    silence before the first probe
  interval      2 s     between unanswered probes
  retries       5       unanswered probes before the kernel gives up
  user timeout  25.5 s  how long sent data may stay unacknowledged

While the program only waits, a dead peer is noticed after 26 s
  0 s                                          16 s                     26 s
  ●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┿━━━━━┿━━━━┿━━━━━┿━━━━┿━━━━━✖
  last heard                                   5 probes, 2 s apart      told

When it writes, after 26 s
  0 s                                                                   26 s
  ●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━✖
  write, sent again until the user timeout                              told

The same for others
  libpq: a connection string of psql, psycopg, PQconnectdb ...
  keepalives=1 keepalives_idle=16 keepalives_interval=2 keepalives_count=5
  tcp_user_timeout=25500
  pgbouncer.ini
  tcp_keepalive = 1
  tcp_keepidle = 16
  tcp_keepintvl = 2
  tcp_keepcnt = 5
  tcp_user_timeout = 25500
  sysctl: all sockets with keepalive on; it has no user timeout
  net.ipv4.tcp_keepalive_time = 16
  net.ipv4.tcp_keepalive_intvl = 2
  net.ipv4.tcp_keepalive_probes = 5
`,
  )
})

test('the four values are planned too, and what is wrong with them is said', (t) => {
  const { status, stdout } = cli(
    'plan',
    ...'--time 2h --interval 75s --retries 9 --user-timeout 0'.split(' '),
  )
  t.is(status, 0)
  t.regex(stdout, /is noticed after 2 h 11 min 15 s\n/)
  t.regex(stdout, /^ {2}! there is no user timeout: .*\n {4}about 15 minutes$/m)
  t.true(stdout.split('\n').every((line) => line.length <= 80))
})

test('as JSON, in milliseconds', (t) => {
  const plan = JSON.parse(cli('plan', '--detect-within', '10s', '--json').stdout) as object
  t.like(plan, {
    settings: { enabled: true, time: 3000, interval: 1000, retries: 5, userTimeout: 7500 },
    detection: { idle: 8000, write: 8000 },
    warnings: [],
  })
})

for (const [args, complaint] of [
  [[], /say what is to be planned, as in --detect-within 30s/],
  [['--detect-within', '3'], /--detect-within: "3" is not a duration: a duration needs its unit: 3s or 3ms/],
  [
    ['--detect-within', '3s'],
    /--detect-within is out of range. It must be from 5 s to 18 h 12 min 14 s. Received 3 s/,
  ],
  [['--detect-within', '30s', '--time', '5s'], /--detect-within solves for --time/],
  [['--retries', 'x'], /the value of --retries is out of range/],
  [['--tim', '5s'], /unknown option '--tim'/i],
  [['--user-timeout', '-5s'], /option '--user-timeout' argument is ambiguous \(/],
  [['30s'], /say what is to be planned/],
] as const) {
  test(`plan ${args.join(' ')}: one line that says what is wrong, and exit code 2`, (t) => {
    const { status, stdout, stderr } = cli('plan', ...args)
    t.deepEqual({ status, stdout }, { status: 2, stdout: '' })
    t.regex(stderr, complaint)
    t.regex(stderr, /^tcp-keepalive: [^\n]+\n$/)
  })
}

test('a label in the middle that finds no room is left out', (t) => {
  const labels = ['a long label above', 'below'] as const
  const marks = [0, 5, 10].map((at) => ({ at, sign: '+', labels }))
  const [above, line, below] = timeline(marks, 41)
  t.is(above, 'a long label above     a long label above')
  t.is(line, `+${'━'.repeat(19)}+${'━'.repeat(19)}+`)
  t.is(below, 'below               below           below')
})

test('off is off for the others too', (t) => {
  const off = { enabled: false, time: 7_200_000, interval: 75_000, retries: 9, userTimeout: 0 }
  t.is(otherPrograms(off).libpq['keepalives'], 0)
  t.is(otherPrograms(off).pgbouncer['tcp_keepalive'], 0)
})
