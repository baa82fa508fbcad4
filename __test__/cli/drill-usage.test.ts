/** Command lines of `drill` that make no sense are refused, and the message names what is wrong. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { unless } from '../needs.ts'
import { cli } from './command.ts'
import { openPort, programOf } from './drilling.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux can cut a connection off.')

const PID = String(process.pid)
const MATCH = ['--match', '*:1']
const COMMAND = ['--', process.execPath, '-e', '']

/** By the command line: what the message must say. */
const REFUSED: readonly (readonly [words: readonly string[], message: RegExp])[] = [
  [[PID, ...MATCH, ...COMMAND], /a PID, or a command after --, not both: \d+ -- /],
  [['foo', ...MATCH, ...COMMAND], /a PID, or a command after --, not both: foo -- /],
  [['--heal', ...COMMAND], /a PID, or a command after --, not both/],
  [['--heal', PID, ...MATCH], /--match means nothing with --heal/],
  [['--heal', PID, '--within', '5s'], /--within means nothing with --heal/],
  [['--heal', PID, '--for', '5s'], /--for means nothing with --heal/],
  [['--heal', PID, '--new'], /--new means nothing with --heal/],
  [
    ['foo', ...MATCH],
    /"foo" is not the number of a process; a command to start stands behind --, as in -- foo /,
  ],
  [[...MATCH, 'node', 'app.js'], /"node" is not the number of a process; .* as in -- node app\.js /],
  [['--heal', 'foo'], /"foo" is not the number of a process /],
  [[PID, 'foo', ...MATCH], /one process at a time/],
  [MATCH, /give a process by its PID, or -- and a command/],
  [[PID, ...MATCH, '--within', '0s'], /--within: a drill needs more time than 0s/],
  [[...MATCH, '--for', '0ms', ...COMMAND], /--for: a drill needs more time than 0ms/],
  [[PID, '--match', '*:5432,db.internal'], /--match: "db\.internal" is a name/],
  [
    ['--match', 'localhost:*', ...COMMAND],
    /--match: "localhost:\*" is a name, .*: write an address or a port/,
  ],
  [[PID, '--match', '*:5432', '--match', '*.internal:5432'], /--match: "\*\.internal:5432" is a name/],
]

for (const [words, message] of REFUSED) {
  onLinux(`usage error: ${words.map((each) => (each === PID ? 'PID' : each)).join(' ')}`, (t) => {
    const { status, stdout, stderr } = cli('drill', ...words)
    t.regex(stderr, message)
    t.regex(stderr, /\(tcp-keepalive --help\)\n$/)
    t.deepEqual({ status, stdout }, { status: 2, stdout: '' })
  })
}

onLinux('a command that cannot be started: only that is said', (t) => {
  const { status, stdout, stderr } = cli('drill', ...MATCH, '--', 'no-such-command')
  t.is(stderr, 'tcp-keepalive: "no-such-command" could not be started: spawn no-such-command ENOENT\n')
  t.deepEqual({ status, stdout }, { status: 1, stdout: '' })
})

onLinux('drill --heal --json prints JSON', async (t) => {
  const port = await openPort(t)
  const script = `const { cutOff } = require('./dist/drill.cjs')
    ${programOf(port, `const one = quiet(); quiet().on('connect', () => setTimeout(() => { cutOff(one); console.log('cut') }, 500))`)}`
  const cwd = new URL('../..', import.meta.url)
  const program = spawn(process.execPath, ['-e', script], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => program.kill('SIGKILL'))
  await once(program.stdout, 'data')
  const heal = (): unknown => JSON.parse(cli('drill', '--heal', String(program.pid), '--json').stdout)
  t.deepEqual(heal(), { pid: program.pid, restored: 1, problems: [] })
  t.deepEqual(heal(), { pid: program.pid, restored: 0, problems: [] })
})
