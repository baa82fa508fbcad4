/** What a drill shows that a connection was doing when it was cut off. */
import { unless } from '../needs.ts'
import { drillProgram, Drilling, lastRows, openPort, programOf } from './drilling.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux can cut a connection off.')

const COUNT = 20

/** Longer than a tick of the kernel. */
const LATER_MS = 50

/** By what the program does: its lines, the server's answers, and the word that the table must show. */
const CASES: Readonly<Record<string, readonly [lines: string, answers: readonly string[], doing: string]>> = {
  'that has sent nothing': [`quiet()`, [], 'idle'],
  'that sent a request right after connecting, and waits': [
    `quiet().on('connect', function () { this.write('?') })`,
    [],
    'waiting',
  ],
  'that sent a request, and got the answer at once': [
    `quiet().on('connect', function () { this.write('?') })`,
    ['!'],
    '(?:idle|silent)', // depends on whether both came within one tick of the kernel
  ],
  'that sent a request, and got the answer later': [
    `quiet().on('connect', function () { this.write('?') })`,
    ['later'],
    'idle',
  ],
  'that sent a request right after an answer, and waits': [
    `quiet().on('connect', function () { this.write('?') }).once('data', function () { this.write('?') })`,
    ['!'],
    '(?:waiting|silent)', // depends on whether both came within one tick of the kernel
  ],
  'whose probe was answered after it sent a request right after an answer': [
    `quiet({ time: 1000, interval: 1000, retries: 9 })
      .on('connect', function () { this.write('?') }).once('data', function () { this.write('?') })`,
    ['!'],
    '(?:waiting|silent)', // depends on whether both came within one tick of the kernel
  ],
  'that got a greeting': [`quiet()`, ['greeting'], 'idle'],
}

for (const [name, [lines, answers, doing]] of Object.entries(CASES)) {
  onLinux(`a connection ${name}: ${doing}`, async (t) => {
    const port = await openPort(t, (socket) => {
      const left = [...answers]
      if (left[0] === 'greeting') socket.write(left.shift() ?? '')
      socket.on('data', () => {
        const next = left.shift() ?? ''
        setTimeout(() => socket.write(next), next === 'later' ? LATER_MS : 0)
      })
    })
    const options = ['--within', '1s']
    // Runs sequentially, so that the first write comes as soon as possible, within a tick of the kernel.
    const program = `const next = (left) => ${lines}.once('connect', () => left > 1 && next(left - 1)); next(${COUNT}); setInterval(() => {}, 1000)`
    const { stdout } = await drillProgram(t, port, options, program).done
    const expected = new RegExp(`^${doing} +not in time: (?:never|\\d+ s)$`)
    t.is(lastRows(stdout).length, COUNT, stdout)
    for (const row of lastRows(stdout)) t.regex(row, expected)
  })
}

onLinux(
  'a request right after a greeting, acknowledged at once, is never idle: waiting, or silent within a tick',
  async (t) => {
    // The server has received nothing before, so its kernel acknowledges at once. It is in the same process, and the client has another
    // address, so that greeting, request and acknowledgement fall into one tick nearly always, and --match covers only one end.
    const program = programOf(
      0,
      `const server = net.createServer((socket) => socket.on('error', () => {}).resume().write('greeting'))
      const next = (left) => {
        const { port } = server.address()
        const socket = net.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
        socket.on('error', () => {}).once('data', () => { socket.write('?'); if (left > 1) next(left - 1) })
      }
      server.listen(0, '127.0.0.1', () => next(${COUNT}))`,
    )
    const words = ['--match', '127.0.0.1:*', '--within', '1s', '--', process.execPath, '-e', program]
    const { stdout, stderr } = await new Drilling(t, words).done
    t.is(lastRows(stdout).length, COUNT, stdout + stderr)
    for (const row of lastRows(stdout)) t.regex(row, /^(?:waiting|silent) +not in time: never$/)
  },
)
