/** The verdict on each connection and the exit code of a drill, with programs that it starts itself. */
import test from 'ava'
import type { DrillReport } from '../../src/cli/drill-findings.ts'
import { unless } from '../needs.ts'
import { drillProgram, lastRows, openPort } from './drilling.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux can cut a connection off.')

/** Two seconds, plus an eighth because timers may be late. */
const TWO_SECONDS = '{ time: 1000, interval: 1000, retries: 1 }'

function reportsOf(stdout: string): DrillReport[] {
  return JSON.parse(stdout) as DrillReport[]
}

onLinux(
  'a connection that was silent before the cut fails sooner through keepalive, and not "by itself"',
  async (t) => {
    const port = await openPort(t)
    // The drill begins three seconds after connecting. Keepalive takes six seconds, so three of them have passed by then.
    const lines = `quiet({ time: 5000, interval: 1000, retries: 1 })
    const other = quiet()
    setTimeout(() => other.destroy(), 9000)
    setInterval(() => {}, 1000)`
    const { code, stdout } = await drillProgram(t, port, ['--within', '30s', '--json'], lines).done
    t.is(code, 0, stdout)
    const [{ connections } = { connections: [] }] = reportsOf(stdout)
    t.deepEqual(
      connections.map(({ fate, toldBy, inTime }) => [fate, toldBy, inTime]),
      [
        ['told', 'kernel', true],
        ['told', 'program', true],
      ],
    )
    t.is(connections[0]?.wouldTake, 6000)
  },
)

onLinux(
  'a connection that the program closes shortly before the kernel would is reported as closed by itself',
  async (t) => {
    const port = await openPort(t)
    // Data written after the cut may stay unacknowledged for 20 s. The program waits for 17 of them.
    const lines = `const written = quiet({ userTimeout: 20000 })
    setTimeout(() => written.write('?'), 6000)
    setTimeout(() => written.destroy(), 23000)
    setInterval(() => {}, 1000)`
    const { code, stdout } = await drillProgram(t, port, ['--within', '40s', '--json'], lines).done
    const [{ connections } = { connections: [] }] = reportsOf(stdout)
    t.deepEqual(
      connections.map(({ doing, fate, toldBy }) => [doing, fate, toldBy]),
      [['writing', 'told', 'program']],
      stdout,
    )
    t.is(code, 0)
  },
)

onLinux(
  '--new without --for ends; a connection that is too young then is "too early to tell", and does not count',
  async (t) => {
    const port = await openPort(t)
    const lines = `quiet(${TWO_SECONDS}); setInterval(() => quiet(${TWO_SECONDS}), 500)`
    const { code, stdout } = await drillProgram(t, port, ['--new', '--within', '6s', '--json'], lines).done
    const [{ connections } = { connections: [] }] = reportsOf(stdout)
    const fates = connections.filter(({ isNew }) => isNew).map(({ fate }) => fate)
    t.true(fates.includes('told'), stdout)
    t.is(fates.at(-1), 'too-early', stdout)
    t.false(fates.includes('late'), stdout)
    t.is(code, 0)
  },
)

onLinux('--new without --for also detects a connection that gets no error in time', async (t) => {
  const port = await openPort(t)
  const lines = `quiet(${TWO_SECONDS}); setInterval(() => quiet(), 1000)`
  const { code, stdout } = await drillProgram(t, port, ['--new', '--within', '4s'], lines).done
  t.regex(stdout, /new, idle +not in time: never/)
  t.regex(stdout, /new, idle +too early to tell/)
  const [, inTime, decided, open] =
    /^(\d+) of (\d+) detected within 4 s; (\d+) too early to tell$/m.exec(stdout) ?? []
  t.true(Number(inTime) >= 1 && Number(decided) > Number(inTime) && Number(open) >= 1, stdout)
  t.is(code, 1)
})

for (const [name, lines] of Object.entries({
  'an Error without a listener': '',
  'a listener that ends it': `.on('error', () => process.exit(1))`,
})) {
  onLinux(
    `a program that ends when it gets the error, by ${name}: the table, how it ended, and a hint`,
    async (t) => {
      const port = await openPort(t)
      const { code, stdout } = await drillProgram(
        t,
        port,
        ['--within', '20s'],
        `open(${TWO_SECONDS})${lines}; quiet()`,
      ).done
      const rows = lastRows(stdout)
      t.is(rows.length, 2, stdout)
      t.regex(rows[0] ?? '', /^idle +after \d+\.\d s$/)
      t.regex(rows[1] ?? '', /^idle +ended with the program$/)
      t.regex(stdout, /^1 of 1 detected within 20 s; 1 ended with the program$/m)
      t.regex(stdout, /^process \d+ has ended with exit code 1 after a connection error$/m)
      t.regex(
        stdout,
        /^ {2}Node ends a program when an 'error' event has no listener\..*\n.*client\.on\('error', …\)\.$/m,
      )
      t.notRegex(stdout, /docs\//) // the package has no docs folder
      t.is(code, 1)
    },
  )
}

onLinux('a program that ends before any connection fails: no result', async (t) => {
  const port = await openPort(t)
  const { code, stdout } = await drillProgram(
    t,
    port,
    ['--within', '50s'],
    `quiet(); setTimeout(() => process.exit(3), 5000)`,
  ).done
  t.regex(lastRows(stdout).join('\n'), /^idle +ended with the program$/)
  t.regex(stdout, /^process \d+ has ended with exit code 3$/m)
  t.notRegex(stdout, /listener|detected within/)
  t.is(code, 2)
})

onLinux('a program that handles its error, and ends later with exit code 3: no hint', async (t) => {
  const port = await openPort(t)
  const lines = `quiet(${TWO_SECONDS}).on('close', () => setTimeout(() => process.exit(3), 4000)); quiet()`
  const { code, stdout } = await drillProgram(t, port, ['--within', '50s'], lines).done
  t.regex(
    stdout,
    /^1 of 1 detected within 50 s; 1 ended with the program\nprocess \d+ has ended with exit code 3\n$/m,
  )
  t.is(code, 2)
})

onLinux('a program that is killed: the table as it was last known', async (t) => {
  const port = await openPort(t)
  const lines = `quiet(); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5000)`
  const { code, stdout } = await drillProgram(t, port, ['--within', '50s'], lines).done
  t.regex(lastRows(stdout).join('\n'), /^idle +ended with the program$/)
  t.regex(stdout, /^process \d+ has ended by SIGKILL$/m)
  t.is(code, 2)
})

onLinux('a program that ends normally after all its connections have failed passes', async (t) => {
  const port = await openPort(t)
  const { code, stdout } = await drillProgram(t, port, ['--within', '20s'], `quiet(${TWO_SECONDS})`).done
  t.regex(stdout, /^1 of 1 detected within 20 s\nprocess \d+ has ended$/m)
  t.is(code, 0, stdout)
})

onLinux('--for that ends before --within: too early to tell, exit code 2', async (t) => {
  const port = await openPort(t)
  const lines = `quiet(); quiet(${TWO_SECONDS}); setInterval(() => {}, 1000)`
  const { code, stdout } = await drillProgram(t, port, ['--within', '60s', '--for', '5s'], lines).done
  t.regex(lastRows(stdout)[0] ?? '', /^idle +too early to tell$/)
  t.regex(stdout, /^1 of 1 detected within 1 min; 1 too early to tell\neverything is put back$/m)
  t.is(code, 2)
})

onLinux('Ctrl-C with a command: the table, and everything is restored', async (t) => {
  let heard = ''
  // Data that it sends while it is cut off only arrives after it was restored.
  const port = await openPort(t, (socket) => {
    socket.setEncoding('utf8').on('data', (text: string) => (heard += text))
    setTimeout(() => socket.write('later'), 4500)
  })
  const lines = `quiet().on('data', (data) => console.log('heard', String(data))); setInterval(() => {}, 1000)`
  const drilling = drillProgram(t, port, ['--within', '50s'], lines)
  await drilling.untilSaid(/idle +…/)
  await new Promise((resolve) => setTimeout(resolve, 3000))
  drilling.interrupt()
  const { code, stdout } = await drilling.done
  t.regex(lastRows(stdout).join('\n'), /^idle +too early to tell$/, stdout)
  t.regex(stdout, /^nothing can be said: 1 too early to tell\neverything is put back$/m)
  t.is(code, 2)
  t.is(heard, '')
})

onLinux('Ctrl-C before the drill has begun is reported', async (t) => {
  const port = await openPort(t)
  const drilling = drillProgram(t, port, [], 'setInterval(() => {}, 1000)')
  await drilling.untilSaid(/the drill begins/)
  drilling.interrupt()
  const { code, stderr } = await drilling.done
  t.regex(stderr, /this was stopped before the drill began$/m)
  t.is(code, 2)
})

test('the exit code is documented in the help', async (t) => {
  const { COMMAND_HELP } = await import('../../src/cli/help.ts')
  t.regex(COMMAND_HELP['drill'] ?? '', /^Exit code 2: it was too early to tell/m)
})
