import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { ProcessConnections } from '../../src/cli/ps-findings.ts'
import { findTool } from '../../lab/network/tools.ts'
import { openLab } from '../../lab/network/lab.ts'
import { unless, withLab } from '../needs.ts'
import { connectedPair } from '../../lab/readback/readback.ts'
import { cli, CLI } from './command.ts'

const COUNT = 1000

const onLinux = unless(process.platform === 'linux' ? undefined : 'The command ps needs Linux.')

/** A connection, as both programs report it. */
interface Seen {
  readonly key: string
  readonly timerIn: number
}

const SS_STATES: Readonly<Record<string, string>> = { ESTAB: 'established', 'CLOSE-WAIT': 'close-wait' }
const SS_TIMERS: Readonly<Record<string, string>> = {
  keepalive: 'keepalive',
  on: 'retransmit',
  persist: 'zero-window',
}

/** The sockets of one process, as `ss -tnop` prints them. */
function byShell(output: string, pid: number): Seen[] {
  return output.split('\n').flatMap((line) => {
    const [, fd] = new RegExp(`pid=${pid},fd=(\\d+)`).exec(line) ?? []
    if (fd === undefined) return []
    const [state = '', , , local = '', remote = ''] = line.split(/\s+/)
    const [, timer = '', time = ''] = /timer:\((\w+),([^,]*),/.exec(line) ?? []
    const ends = `${bare(local)} ${bare(remote)}`
    const key = `${fd} ${ends} ${SS_STATES[state] ?? state} ${SS_TIMERS[timer] ?? 'none'}`
    return [{ key, timerIn: milliseconds(time) }]
  })
}

function byCommand(output: string): Seen[] {
  const [found] = JSON.parse(output) as [ProcessConnections]
  return found.connections.map(({ descriptor, local, remote, state, timer, timerIn }) => {
    const ends = `${local.address}:${local.port} ${remote.address}:${remote.port}`
    return { key: `${descriptor} ${ends} ${state} ${timer}`, timerIn }
  })
}

/** [::ffff:1.2.3.4]:5 and [::1]:5 as address and port. */
function bare(end: string): string {
  return end.replace('[::ffff:', '').replace(/^\[/, '').replace(']', '')
}

/** 1min59sec, 59sec, 1.2sec, 120ms, 119min */
function milliseconds(time: string): number {
  const [, min = 0, sec = 0, ms = 0] = /^(?:(\d+)min)?(?:([\d.]+)sec)?(?:(\d+)ms)?$/.exec(time) ?? []
  return Number(min) * 60_000 + Number(sec) * 1000 + Number(ms)
}

// In the laboratory, which has its own network, because the kernel's table contains every socket of a network.
withLab(`ps shows the same ${COUNT} mixed sockets of a process as ss -tnop`, async (t) => {
  const lab = await openLab(t)
  const file = fileURLToPath(new URL('process-of-sockets.cjs', import.meta.url))
  const told = await lab.client.run(
    async ({ file, count, command, ss }) => {
      const { execFileSync, fork } = await import('node:child_process')
      const { default: events } = await import('node:events')
      const program = fork(file, [String(count)])
      const [pid] = (await events.once(program, 'message')) as [number]
      const run = (...words: string[]): string =>
        execFileSync(words[0] ?? '', words.slice(1), { encoding: 'utf8', maxBuffer: 1e8 })
      const ps = [process.execPath, command, 'ps', String(pid)]
      const all = {
        pid,
        shell: run(ss, '-tnop'),
        json: run(...ps, '--json'),
        text: run(...ps),
      }
      program.disconnect()
      return all
    },
    { file, count: COUNT, command: CLI, ss: findTool('ss') ?? 'ss' },
  )
  const [shell, command] = [byShell(told.shell, told.pid), byCommand(told.json)]
  const keys = (all: readonly Seen[]): string[] => all.map(({ key }) => key).toSorted()
  t.deepEqual(keys(command), keys(shell))
  t.is(command.length, COUNT)
  for (const timer of ['none', 'keepalive', 'zero-window']) {
    t.true(keys(command).some((key) => key.endsWith(timer)))
  }
  const times = new Map(shell.map(({ key, timerIn }) => [key, timerIn]))
  for (const { key, timerIn } of command) {
    if (!key.endsWith('keepalive')) continue
    // ss rounds down to seconds, and to minutes if there are several.
    const [least, most] = [(times.get(key) ?? 0) - 2000, (times.get(key) ?? 0) + 61_000]
    t.true(timerIn >= least && timerIn <= most, `${key}: ${timerIn}, ss ${times.get(key)}`)
  }
  const lines = told.text.split('\n')
  t.regex(lines[1] ?? '', /^1000 connections, \d+ unprotected, \d+ slow, \d+ without user timeout$/)
  t.true(lines.slice(1).every((line) => line.length <= 80))
  const table = lines.slice(2, COUNT + 3)
  t.is(table.filter((line) => line.startsWith('!')).length, Number(/(\d+) unprotected/.exec(told.text)?.[1]))
  const [, slow, without] = /(\d+) slow, (\d+) without/.exec(told.text) ?? []
  t.is(table.filter((line) => line.startsWith('~')).length, Number(slow) + Number(without))
})

onLinux('an unprotected connection is marked, and has its own exit code with --check', async (t) => {
  const { client, accepted, close } = await connectedPair()
  t.teardown(close)
  const pid = String(process.pid)
  t.is(cli('ps', pid).status, 0)
  t.is(cli('ps', pid, '--check').status, 1)
  t.true(cli('ps', pid).stdout.includes(`!  127.0.0.1:${client.localPort}`))
  client.setKeepAlive(true, 60_000)
  accepted.setKeepAlive(true, 60_000)
  t.is(cli('ps', pid, '--check').status, 0)
  t.regex(cli('ps', pid).stdout, /probe in (1 min|\d{1,2} s)/)
  t.regex(cli('ps').stdout, new RegExp(`^${pid} `, 'm')) // among all processes that this user may inspect
})

onLinux('a process without a connection is shown with its command line and the number 0', (t) => {
  const idle = spawn('sh', ['-c', 'read line', 'line\nbreak', '\u001B[31mred'])
  t.teardown(() => idle.kill())
  const { status, stdout } = cli('ps', String(idle.pid))
  t.is(status, 0)
  t.is(stdout, `${idle.pid} sh -c read line line break  [31mred\n0 connections\n`)
})

onLinux('a zombie process is reported by name', async (t) => {
  // sleep does not wait for its child, so the child stays a zombie.
  const script = 'sleep 0.5 & echo $!; exec sleep 60'
  const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => parent.kill())
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = String(line).trim()
  while (!/^\d+ \(sleep\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await sleep(20)
  t.deepEqual(cli('ps', pid), { status: 0, stdout: `${pid} [sleep]\n0 connections\n`, stderr: '' })
})

onLinux('a process that is gone, and an argument that is not a process: one line, and an exit code', (t) => {
  t.deepEqual(cli('ps', '4194304'), {
    status: 1,
    stdout: '',
    stderr: 'tcp-keepalive: there is no process 4194304\n',
  })
  for (const text of ['abc', '12x', '0', '1.5']) {
    const stderr = `tcp-keepalive: "${text}" is not the number of a process (tcp-keepalive --help)\n`
    t.deepEqual(cli('ps', text), { status: 2, stdout: '', stderr })
  }
})

onLinux("another user's process: one line, and an exit code", (t) => {
  // As root, run as nobody, who can only read the system's folders. Another user inspects root's first process.
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const isRoot = process.getuid?.() === 0
  execFileSync('chmod', ['755', folder])
  cpSync(dirname(CLI), join(folder, 'dist'), { recursive: true })
  cpSync(join(dirname(CLI), '../package.json'), join(folder, 'package.json'))
  const asNobody = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : ['env']
  const [first = '', ...rest] = asNobody
  const { status, stdout, stderr } = spawnSync(
    first,
    [...rest, process.execPath, join(folder, 'dist/cli.cjs'), 'ps', '1'],
    { encoding: 'utf8' },
  )
  const line = 'tcp-keepalive: process 1 belongs to another user: only that user and root may read it\n'
  t.deepEqual({ status, stdout, stderr }, { status: 1, stdout: '', stderr: line })
})

test('on a system without /proc it says what to do instead', (t) => {
  const program = `Object.defineProperty(process, 'platform', { value: 'darwin' }); process.argv = ['', '', 'ps']; require(${JSON.stringify(CLI)})`
  const { status, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' })
  t.is(status, 1)
  t.regex(stderr, /^tcp-keepalive: ps needs Linux; inspectSockets\(\)/)
})
