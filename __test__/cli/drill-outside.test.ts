/** Drills on commands that set their own NODE_OPTIONS, so that their processes do not drill themselves. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { DrillReport } from '../../src/cli/drill-findings.ts'
import { unless } from '../needs.ts'
import { Drilling, openPort, programOf } from './drilling.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux can cut a connection off.')

const TWO_SECONDS = '{ time: 1000, interval: 1000, retries: 1 }'
const STAYS = 'setInterval(() => {}, 1000)'

/** Shell commands that wait until the program with this name has written its file. */
function until(name: string): string {
  return `while [ ! -e ${name}-is-there ]; do sleep 0.1; done`
}

/** A folder with a program, and a package.json whose script starts it with its own NODE_OPTIONS. */
function project(t: ExecutionContext, port: number, lines: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'drilled-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'program.cjs'), programOf(port, lines))
  const start = `NODE_OPTIONS='--no-warnings' node program.cjs`
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { start } }))
  return folder
}

onLinux('a script of npm that sets its own NODE_OPTIONS is drilled from outside, and ended', async (t) => {
  const port = await openPort(t)
  const folder = project(t, port, `console.log('pid', process.pid); quiet(${TWO_SECONDS}); quiet(); ${STAYS}`)
  const command = ['npm', '--prefix', folder, 'start']
  const words = ['--match', `*:${port}`, '--within', '6s', '--', ...command]
  const { code, stdout, stderr } = await new Drilling(t, words).done
  const pid = /^pid (\d+)$/m.exec(stdout)?.[1] ?? ''
  t.regex(
    stderr,
    new RegExp(`process ${pid} was started without the drill's NODE_OPTIONS, so it is drilled from`),
  )
  t.regex(stdout, /^127\.0\.0\.1:\d+ +idle +after \d\.\d s$/m)
  t.regex(stdout, /^127\.0\.0\.1:\d+ +idle +not in time: never$/m)
  t.regex(stdout, /^1 of 2 detected within 6 s\neverything is put back$/m)
  t.is(code, 1)
  t.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' })
})

onLinux('the exit code of such a program is known if it is the command itself', async (t) => {
  const port = await openPort(t)
  const run = async (lines: string): Promise<readonly [DrillReport | undefined, number | null]> => {
    const program = programOf(port, lines)
    const command = ['env', '-u', 'NODE_OPTIONS', process.execPath, '-e', program]
    const words = ['--match', `*:${port}`, '--within', '20s', '--json', '--', ...command]
    const { code, stdout } = await new Drilling(t, words).done
    const [report] = JSON.parse(stdout) as DrillReport[]
    return [report, code]
  }
  const [failed, failedCode] = await run(`open(${TWO_SECONDS})`)
  t.deepEqual([failed?.ended, failed?.endedByError, failedCode], [{ code: 1 }, true, 1])
  const [passed, passedCode] = await run(`quiet(${TWO_SECONDS})`)
  t.deepEqual([passed?.ended, passed?.endedByError, passedCode], [{ code: 0 }, false, 0])
})

onLinux('beside a process that drills itself: one table, and the drill covers both', async (t) => {
  const port = await openPort(t)
  // Both connect when both are there. The drill goes on for 15 seconds because of the other connections, and with --new it also covers a
  // process that is late on a busy machine.
  const lines = `const { existsSync, writeFileSync } = require('node:fs')
    writeFileSync(process.argv[2] + '-is-there', '')
    const wait = setInterval(() => {
      if (!existsSync('first-is-there') || !existsSync('second-is-there')) return
      clearInterval(wait)
      quiet(${TWO_SECONDS})
      quiet()
      ${STAYS}
    }, 50)`
  const folder = project(t, port, lines)
  const both = `cd "$1"; (NODE_OPTIONS= "$0" program.cjs first) & "$0" program.cjs second; true`
  const command = ['sh', '-c', both, process.execPath, folder]
  const words = ['--match', `*:${port}`, '--new', '--within', '15s', '--json', '--', ...command]
  const { stdout } = await new Drilling(t, words).done
  const reports = JSON.parse(stdout) as DrillReport[]
  const detected = reports.map(
    ({ connections }) => connections.filter(({ toldBy }) => toldBy === 'kernel').length,
  )
  t.deepEqual(detected, [1, 1], stdout)
})

onLinux('such a process that starts during the drill is drilled with --new', async (t) => {
  const port = await openPort(t)
  // The drill in the first begins three seconds after it has connected, and takes 20 seconds, as its connection is never lost.
  const first = `quiet().on('connect', () => require('node:fs').writeFileSync('first-is-there', ''))`
  const lines = `process.argv[2] === 'first' ? ${first} : quiet(${TWO_SECONDS}); ${STAYS}`
  const folder = project(t, port, lines)
  const start = `"$0" program.cjs first & ${until('first')}; sleep 8; NODE_OPTIONS= "$0" program.cjs second; true`
  const command = ['sh', '-c', `cd "$1"; ${start}`, process.execPath, folder]
  const words = ['--match', `*:${port}`, '--new', '--within', '20s', '--json', '--', ...command]
  const { stdout } = await new Drilling(t, words).done
  const reports = JSON.parse(stdout) as DrillReport[]
  t.deepEqual(
    reports.map(({ connections }) => connections.map(({ isNew, fate }) => [isNew, fate])),
    [[[false, 'late']], [[true, 'told']]],
    stdout,
  )
})

onLinux('while it has no matching connection, the drill says where it is connected to', async (t) => {
  const port = await openPort(t)
  const command = ['env', '-u', 'NODE_OPTIONS', process.execPath, '-e', programOf(port, `quiet(); ${STAYS}`)]
  const { code, stderr } = await new Drilling(t, ['--match', '*:1', '--for', '8s', '--', ...command]).done
  const where = `process \\d+ is connected to 127\\.0\\.0\\.1:${port}; none matches \\*:1$`
  t.regex(stderr, new RegExp(`no matching connection within 8 s: ${where}`, 'm'))
  t.is(code, 1)
})
