/** What a drill shows that a connection was doing when it was cut off. */
import { unless } from '../needs.ts'
import { drillProgram, lastRows, openPort } from './drilling.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux can cut a connection off.')

const COUNT = 20

/** By what the program does: its lines, the server's answers, and the word that the table must show. */
const CASES: Readonly<Record<string, readonly [lines: string, answers: readonly string[], doing: string]>> = {
  'that has sent nothing': [`quiet()`, [], 'idle'],
  'that sent a request right after connecting, and waits': [
    `quiet().on('connect', function () { this.write('?') })`,
    [],
    'waiting',
  ],
  'that sent a request, and got the answer': [
    `quiet().on('connect', function () { this.write('?') })`,
    ['!'],
    'idle',
  ],
  'that sent a request right after an answer, and waits': [
    `quiet().on('connect', function () { this.write('?') }).once('data', function () { this.write('?') })`,
    ['!'],
    'waiting',
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
      socket.on('data', () => socket.write(left.shift() ?? ''))
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
