/** Several drills on one program, and programs that change during a drill, observed from outside. */
import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { findTool, needTool } from '../../lab/network/tools.ts'
import { unless, withLab } from '../needs.ts'
import { CLI } from './command.ts'
import { type Machine, openBareMachine } from './drill-machine.ts'
import { lastRows, programOf } from './drilling.ts'
import { screenOf } from './terminal-screen.ts'

const PORT = 4567
const MATCH = ['--match', `*:${PORT}`]

/** A program that listens, connects to itself, and runs the given lines. */
async function start(t: ExecutionContext, machine: Machine, lines: string): Promise<ChildProcess> {
  const script = `require('node:net').createServer((socket) => socket.on('error', () => {}).resume()).listen(${PORT}, () => {
    ${programOf(PORT, lines)}
    setTimeout(() => console.log('there'), 500)
  })`
  return until(t, machine.start([process.execPath, '-e', script]))
}

async function until(t: ExecutionContext, program: ChildProcess): Promise<ChildProcess> {
  t.teardown(() => program.kill('SIGKILL'))
  await once(program.stdout as NodeJS.ReadableStream, 'data')
  return program
}

interface Drill {
  /** Resolves when the first table was printed. */
  readonly begun: Promise<unknown>
  readonly done: Promise<{ code: number | null; printed: string }>
  /** Resolves when this was printed, or the drill has ended. */
  untilPrinted(pattern: RegExp): Promise<void>
  interrupt(): void
}

function drill(machine: Machine, program: ChildProcess, ...options: string[]): Drill {
  const words = [process.execPath, CLI, 'drill', ...options, String(program.pid)]
  const child = machine.start(['sh', '-c', 'exec "$@" 2>&1', 'sh', ...words])
  const stdout = child.stdout as NodeJS.ReadableStream
  let printed = ''
  stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  const begun = once(stdout, 'data')
  const done = once(child, 'close').then(() => ({ code: child.exitCode, printed }))
  const untilPrinted = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(printed) && child.exitCode === null) await sleep(50)
  }
  return { begun, done, untilPrinted, interrupt: () => void child.kill('SIGINT') }
}

withLab('a second drill on one program refuses to start, and the first continues', async (t) => {
  const machine = await openBareMachine(t)
  const program = await start(t, machine, `quiet(); quiet()`)
  const first = drill(machine, program, ...MATCH)
  await first.begun
  const second = await drill(machine, program, ...MATCH).done
  t.regex(
    second.printed,
    /^tcp-keepalive: 2 of these connections are cut off already, by another drill\. If that drill was killed, "drill --heal \d+" restores them\n$/,
  )
  t.is(second.code, 1)
  first.interrupt()
  const { code, printed } = await first.done
  t.regex(printed, /^nothing can be said: 2 too early to tell\neverything is put back\n$/m)
  t.is(code, 2)
})

withLab('drill --heal during a drill: the drill reports that somebody else has put it back', async (t) => {
  const machine = await openBareMachine(t)
  // Its packets arrive again at once. The drill must not take this for a connection that cannot be cut off.
  const program = await start(t, machine, `const socket = quiet(); setInterval(() => socket.write('?'), 200)`)
  const first = drill(machine, program, ...MATCH)
  await first.begun
  t.regex(
    (await drill(machine, program, '--heal').done).printed,
    /^1 connection was cut off, and is restored$/m,
  )
  const { code, printed } = await first.done
  t.regex(lastRows(printed)[0] ?? '', /put back by somebody else$/, printed)
  t.regex(printed, /^nothing can be said: 1 put back by somebody else\neverything is put back\n$/m)
  t.is(code, 2)
})

withLab(
  'drill PID of a program that ends when it gets the error: the table, the end of the program, and a hint',
  async (t) => {
    const machine = await openBareMachine(t)
    const program = await start(t, machine, `open({ time: 2000, interval: 1000, retries: 1 }); quiet()`)
    const { code, printed } = await drill(machine, program, ...MATCH, '--within', '20s').done
    t.deepEqual(
      lastRows(printed).map((row) => row.replace(/\d+\.\d/, '#')),
      ['idle  after # s', 'idle  ended with the program'],
      printed,
    )
    t.regex(printed, /^process \d+ has ended after a connection error\n.*'error' event has no listener/m)
    t.is(code, 1)
  },
)

withLab('a drill restores everything when nobody reads its output any more', async (t) => {
  const machine = await openBareMachine(t)
  const program = await start(t, machine, `quiet(); quiet()`)
  const words = [
    process.execPath,
    CLI,
    'drill',
    ...MATCH,
    '--within',
    '2s',
    '--for',
    '9s',
    String(program.pid),
  ]
  const script = '{ "$@"; echo "exit $?" >&3; } | head -1'
  const { printed } = await machine.run('sh', '-c', `{ ${script}; } 3>&1`, 'sh', ...words)
  t.regex(printed, /^PEER .*\nexit [12]\n$/) // when the table changes, or at the end if `head` ends late
  t.is((await drill(machine, program, '--heal').done).printed, 'nothing there is cut off\n')
})

withLab(
  'a table that is higher than the terminal is drawn at the end, and one line before that',
  async (t) => {
    const machine = await openBareMachine(t)
    const program = await start(t, machine, `for (let count = 0; count < 20; count++) quiet()`)
    const words = [process.execPath, CLI, 'drill', ...MATCH, '--within', '2s', String(program.pid)]
    const size = { columns: 80, rows: 10 }
    const { printed } = await machine.run(
      'script',
      '-qec',
      `stty cols 80 rows 10; exec ${words.join(' ')}`,
      '/dev/null',
    )
    t.regex(printed, /20 connections are cut off, 0 detected; the table follows at the end/)
    const { lines } = await screenOf(printed, size)
    t.is(lines.filter((line) => line.startsWith('PEER')).length, 1, lines.join('\n'))
    t.is(lines.filter((line) => /idle +not in time: never$/.test(line)).length, 20)
    t.is(lines.length, 1 + 20 + 2)
  },
)

withLab('a table whose lines are wider than the terminal is redrawn in its place', async (t) => {
  const machine = await openBareMachine(t)
  const lines = `quiet(); quiet({ time: 1000, interval: 1000, retries: 1 }); quiet({ time: 4000, interval: 1000, retries: 1 })`
  const program = await start(t, machine, lines)
  const words = [process.execPath, CLI, 'drill', ...MATCH, '--within', '9s', String(program.pid)]
  const terminal = `stty cols 22 rows 24; exec ${words.join(' ')}`
  const { printed } = await machine.run('script', '-qec', terminal, '/dev/null')
  const { lines: shown, wrapped } = await screenOf(printed, { columns: 22, rows: 24 })
  const all = shown.join('\n')
  t.true(wrapped > 3, all)
  t.is(shown.filter((line) => line.startsWith('PEER')).length, 1, all)
  t.is(shown.filter((line) => line.startsWith('127.0.0.1')).length, 3, all)
  t.regex(shown.join(''), /PEER.*after.*after.*2 of 3 detected within 9 s/)
})

withLab('drill PID of a program that handles its error, and is ended later: no hint', async (t) => {
  const machine = await openBareMachine(t)
  const lines = `quiet({ time: 2000, interval: 1000, retries: 1 }); quiet(); process.on('SIGTERM', () => process.exit(0))`
  const program = await start(t, machine, lines)
  const { untilPrinted, done } = drill(machine, program, ...MATCH)
  await untilPrinted(/ after \d/)
  await sleep(4000)
  program.kill('SIGTERM')
  const { code, printed } = await done
  t.regex(printed, /^1 of 1 detected within 1 min; 1 ended with the program\nprocess \d+ has ended\n$/m)
  t.is(code, 2)
})

withLab('drill PID of a program that somebody ends: no result', async (t) => {
  const machine = await openBareMachine(t)
  const program = await start(t, machine, `quiet()`)
  const { begun, done } = drill(machine, program, ...MATCH)
  await begun
  program.kill('SIGTERM')
  const { code, printed } = await done
  t.regex(lastRows(printed)[0] ?? '', /^idle +ended with the program$/)
  t.regex(printed, /^nothing can be said: 1 ended with the program\nprocess \d+ has ended\n$/m)
  t.is(code, 2)
})

const withPython = findTool('python3')
  ? withLab
  : unless('A socket changes its family in Python only (python3).')

/** Two IPv6 connections. A line of input turns the first into an IPv4 one (IPV6_ADDRFORM), which does not have that option. */
const CHANGING = `
import socket, sys
server = socket.create_server(('', ${PORT}), family=socket.AF_INET6, dualstack_ipv6=True)
sockets = [socket.create_connection(('::ffff:127.0.0.1', ${PORT})) for _ in range(2)]
accepted = [server.accept() for _ in range(2)]
print('there\\n', end='', flush=True) # in one piece
for line in sys.stdin:
    if line == 'change\\n':
        sockets[0].setsockopt(socket.IPPROTO_IPV6, 1, socket.AF_INET)
    print(*[each.getsockopt(socket.IPPROTO_IP, 21) for each in sockets], flush=True) # IP_MINTTL
`

withPython(
  'a connection that cannot be fully restored does not stop drill --heal from restoring the others',
  async (t) => {
    const machine = await openBareMachine(t)
    const program = await until(t, machine.start([needTool('python3'), '-c', CHANGING]))
    const answers = createInterface(program.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]()
    const ask = async (line: string): Promise<unknown> => {
      program.stdin?.write(`${line}\n`)
      return (await answers.next()).value
    }
    const { begun, done } = drill(machine, program, ...MATCH, '--within', '30s', '--for', '3s')
    await begun
    t.is(await ask('change'), '255 255')
    const { code, printed } = await done
    t.regex(printed, /^not everything could be put back: drill --heal\n$/m)
    t.is(code, 1)
    t.is(await ask('look'), '0 0')
  },
)
