import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { WriteStream } from 'node:tty'
import test from 'ava'
import { type KeepAlive, planKeepAlive } from 'tcp-keepalive'
import type { DoctorFindings, RegisterFindings } from '../../src/cli/doctor-findings.ts'
import { paintFor, PLAIN } from '../../src/cli/terminal.ts'
import { unless } from '../needs.ts'
import { cli, CLI } from './command.ts'

test("doctor shows the runtime, the binary's path and the meaning of the defaults", (t) => {
  const { status, stdout } = cli('doctor')
  t.is(status, 0)
  t.true(stdout.includes(`Node.js ${process.versions.node}`))
  t.regex(stdout, /^binary +loaded\n +\S+\.node$/m)
  t.regex(stdout, /^ {2}time +TCP_KEEP\w+ +1 s to /m)
  t.regex(stdout, /when turned on +a dead peer is noticed after 2 h 11 min 15 s\n +2 h \+ 9 × 1 min 15 s/)
  const withoutPath = stdout.split('\n').filter((line) => !line.endsWith('.node'))
  t.true(withoutPath.every((line) => line.length <= 80))
})

test('doctor as JSON', (t) => {
  const findings = JSON.parse(cli('doctor', '--json').stdout) as DoctorFindings
  t.like(findings, { binary: { loaded: true }, system: { detectionIfOn: { idle: 7_875_000 } } })
})

test('doctor on a machine where the binary cannot be loaded: the reason, and exit code 1', (t) => {
  const program = `
    process.dlopen = () => { throw new Error('addons are forbidden') }
    process.argv = ['', '', 'doctor']
    require(${JSON.stringify(CLI)})`
  const { status, stdout } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' })
  t.is(status, 1)
  t.regex(stdout, /^binary +cannot be used\n +\S/m)
  t.regex(stdout, /What can be set here/)
})

/** What `doctor` prints about register in this environment, as text and as JSON. */
function registerIn(variables: Readonly<Record<string, string>>): { text: string; found: RegisterFindings } {
  const env = { ...process.env, ...variables }
  const run = (...more: string[]): string =>
    spawnSync(process.execPath, [CLI, 'doctor', ...more], { encoding: 'utf8', env }).stdout
  const text = run()
  const { register } = JSON.parse(run('--json')) as DoctorFindings
  return { text: text.slice(text.indexOf('What tcp-keepalive/register')), found: register }
}

test('doctor shows which accepted connections register would hold', (t) => {
  const all = registerIn({ TCP_KEEPALIVE_ACCEPTED: '1' })
  t.is(all.found.accepted, true)
  t.regex(all.text, /^ {2}accepted +all accepted connections$/m)
  const some = registerIn({ TCP_KEEPALIVE_ACCEPTED: '8080,8443' })
  t.deepEqual(some.found.accepted, [8080, 8443])
  t.regex(some.text, /^ {2}accepted +accepted at port 8080, 8443$/m)
})

test('doctor shows what register would do: values, detection, tolerance, reach', (t) => {
  const variables = { TCP_KEEPALIVE_DETECT_WITHIN: '30s', TCP_KEEPALIVE_MATCH: '*:5432,db.internal' }
  const { text, found } = registerIn(variables)
  const plan = planKeepAlive({ detectWithin: 30_000 })
  const reach = 'thread' as const
  t.deepEqual(found, {
    variables,
    required: false,
    off: false,
    match: ['*:5432', 'db.internal'],
    reach,
    plan,
  })
  t.regex(text, /^ {2}values +11 s \+ 5 × 3 s, user timeout 25\.5 s$/m)
  t.regex(
    text,
    /^ {2}when waiting +a dead peer is noticed after 26 s\n +a living one survives an outage of 12 s$/m,
  )
  t.regex(text, /^ {2}peers +\*:5432, db\.internal$/m)
  t.regex(text, /^ {2}reach +outgoing connections/m)
  t.true(text.split('\n').every((line) => line.length <= 80))
})

test('doctor says that drivers may set what no variable sets', (t) => {
  const four = { TIME: '60s', INTERVAL: '10s', RETRIES: '6', USER_TIMEOUT: '90s' }
  const all = Object.fromEntries(Object.entries(four).map(([name, text]) => [`TCP_KEEPALIVE_${name}`, text]))
  const sentence = /drivers may set those that no variable sets/
  t.regex(registerIn({ TCP_KEEPALIVE_TIME: '60s' }).text, sentence)
  t.regex(registerIn({ TCP_KEEPALIVE_USER_TIMEOUT: '30s' }).text, sentence)
  t.notRegex(registerIn(all).text, sentence)
  t.notRegex(registerIn({ TCP_KEEPALIVE_DETECT_WITHIN: '30s' }).text, sentence)
  t.notRegex(registerIn({}).text, sentence)
})

test('doctor shows how far register would reach', (t) => {
  const { text, found } = registerIn({ TCP_KEEPALIVE_REACH: 'process' })
  t.is(found.reach, 'process')
  t.regex(
    text,
    /^ {2}reach +outgoing connections, in every thread and\n(?: +.*\n)*? +those not opened by JavaScript/m,
  )
  t.true(text.split('\n').every((line) => line.length <= 80))
})

test('the values that doctor shows for register are those of a program under register', (t) => {
  for (const variables of [{}, { TCP_KEEPALIVE_TIME: '17s' }, { TCP_KEEPALIVE_DETECT_WITHIN: '45s' }]) {
    const program = `
      const net = require('net')
      const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1', () => {
        const socket = net.connect(server.address().port, '127.0.0.1', () => {
          console.log(JSON.stringify(require('tcp-keepalive').getKeepAlive(socket)))
          socket.destroy()
          server.close()
        })
      })`
    const { stdout } = spawnSync(process.execPath, ['--require=tcp-keepalive/register', '-e', program], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      env: { ...process.env, ...variables },
    })
    t.deepEqual(registerIn(variables).found.plan?.settings, JSON.parse(stdout) as KeepAlive)
  }
})

test('doctor reports invalid variables and their consequence for the program', (t) => {
  const wrong = registerIn({ TCP_KEEPALIVE_DETECT_WITHIN: '1s' })
  t.regex(wrong.text, /result +the program runs unprotected\n +The value of TCP_KEEPALIVE_DETECT_WITHIN/)
  t.true(wrong.text.split('\n').every((line) => line.length <= 80))
  const required = registerIn({ TCP_KEEPALIVE_TIME: '30', TCP_KEEPALIVE_REQUIRED: '1' })
  t.regex(required.text, /result +the program is stopped\n +TCP_KEEPALIVE_TIME: "30" is not a duration/)
  t.is(required.found.plan, undefined)
  const off = registerIn({ TCP_KEEPALIVE: 'off', TCP_KEEPALIVE_TIME: '30s' })
  t.regex(off.text, /result +nothing, as it is switched off$/m)
  t.like(off.found, { off: true, plan: undefined })
})

test('help is printed on request, and an unknown command is refused', (t) => {
  t.regex(cli('--help').stdout, /^Usage: tcp-keepalive COMMAND/)
  t.is(cli('--help').status, 0)
  t.is(cli().status, 2)
  for (const command of ['doctor', 'plan', 'watch', 'ps']) {
    const { status, stdout } = cli(command, '--help')
    t.is(status, 0)
    t.true(stdout.startsWith(`Usage: tcp-keepalive ${command}`))
    t.true(stdout.split('\n').every((line) => line.length <= 80))
  }
  t.deepEqual(cli('pss'), {
    status: 2,
    stdout: '',
    stderr: 'tcp-keepalive: there is no command "pss" (tcp-keepalive --help)\n',
  })
})

test('version prints the version', (t) => {
  const { version } = JSON.parse(cli('doctor', '--json').stdout) as DoctorFindings
  t.deepEqual(cli('--version'), { status: 0, stdout: `${version}\n`, stderr: '' })
})

test('doctor refuses an extra argument', (t) => {
  const stderr = 'tcp-keepalive: doctor takes no argument such as "extra" (tcp-keepalive --help)\n'
  t.deepEqual(cli('doctor', 'extra'), { status: 2, stdout: '', stderr })
})

unless(existsSync('/dev/full') ? undefined : 'Linux has /dev/full.')(
  'if the output cannot be written: one line, and exit code 1',
  (t) => {
    const full = openSync('/dev/full', 'w')
    t.teardown(() => closeSync(full))
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'doctor'], {
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    })
    t.is(status, 1)
    t.regex(stderr, /^tcp-keepalive: ENOSPC[^\n]+\n$/)
  },
)

test('colours are only used on a terminal that supports them, and not if the user turns them off', (t) => {
  const terminal = Object.create(WriteStream.prototype, { isTTY: { value: true } }) as WriteStream
  const painted = (env: NodeJS.ProcessEnv): string => paintFor(terminal, { TERM: 'xterm', ...env }).bad('!')
  t.is(painted({}), '\u001B[31m!\u001B[39m')
  t.is(painted({ NO_COLOR: '' }), '\u001B[31m!\u001B[39m')
  for (const value of ['1', '0', 'false', ' ']) t.is(painted({ NO_COLOR: value }), '!', value)
  t.is(painted({ TERM: 'dumb' }), '!')
  t.is(paintFor({ isTTY: false }, { TERM: 'xterm' }), PLAIN)
  t.is(paintFor({}, { TERM: 'xterm' }), PLAIN)
})
