/**
 * `ps` and `drill` without the rights to inspect a process or to duplicate its sockets: the kernel refuses, and nothing is
 * simulated.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { findTool } from '../../lab/network/tools.ts'
import { ROOT } from '../../lab/command.ts'
import { unless } from '../needs.ts'
import type { Ran } from './command.ts'

const setpriv = findTool('setpriv')
const elevate = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive', '--']
const canElevate = elevate.length === 0 || spawnSync('sudo', ['--non-interactive', 'true']).status === 0
const asRoot = unless(
  canElevate && setpriv
    ? undefined
    : 'To become two users takes root, or sudo, and setpriv (Debian package util-linux).',
)
const withCompiler = unless(
  process.platform === 'linux' && findTool('gcc') ? undefined : 'A seccomp filter needs Linux and gcc.',
)

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  ps: ['--check', '--within', '60s'],
  drill: ['--match', '*', '--within', '5s'],
  'drill --heal': ['--heal'],
}

const withRights = (...rights: string[]): string[] => [...elevate, setpriv ?? '', ...rights, '--']

/** The user ID: nobody(5). */
const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups']

/** A copy of the command line that every user may read. The repository may be in a folder that other users cannot enter. */
let folder = ''
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-rights-'))
  execFileSync('chmod', ['755', folder])
  for (const name of [
    'dist',
    'package.json',
    'index.js',
    ...readdirSync(ROOT).filter((each) => each.endsWith('.node')),
  ])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
})
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** A program with one connection to itself, started with other rights. */
async function program(t: ExecutionContext, before: readonly string[]): Promise<ChildProcess> {
  const script = `const server = require('net').createServer().listen(0, '127.0.0.1', () => {
    const socket = require('net').connect(server.address().port, '127.0.0.1', () => {
      socket.setKeepAlive(true, 20_000)
      console.log('there')
    }) })`
  const [first = '', ...rest] = [...before, process.execPath, '-e', script]
  const child = spawn(first, rest, { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  await once(child.stdout, 'data')
  return child
}

function run(before: readonly string[], name: string, pid: number | undefined): Ran {
  const words = [name.split(' ')[0] ?? '', String(pid), ...(COMMANDS[name] ?? [])]
  const [first = '', ...rest] = [...before, process.execPath, join(folder, 'dist/cli.cjs'), ...words]
  const { status, stdout, stderr } = spawnSync(first, rest, { cwd: '/', encoding: 'utf8' })
  return { status, stdout, stderr }
}

function hasMore(pid: number | undefined): string {
  return (
    `process ${pid} has the same user, but may not be read: it runs in another container, or has rights that this one lacks. ` +
    'Reading it needs root with CAP_SYS_PTRACE'
  )
}

/** The whole message is one line on standard error, and nothing was changed. */
function onlySays(t: ExecutionContext, { status, stdout, stderr }: Ran, line: string): void {
  t.deepEqual({ status, stdout, stderr }, { status: 1, stdout: '', stderr: `tcp-keepalive: ${line}\n` })
}

for (const name of Object.keys(COMMANDS)) {
  asRoot(`${name}: the process of another user`, async (t) => {
    const { pid } = await program(t, [])
    const line = `process ${pid} belongs to another user: only that user and root may read it`
    onlySays(t, run(withRights(...NOBODY), name, pid), line)
  })

  asRoot(`${name}: a process of the same user that has more rights`, async (t) => {
    const more = ['--inh-caps=+net_bind_service', '--ambient-caps=+net_bind_service']
    const { pid } = await program(t, withRights(...NOBODY, ...more))
    const line = hasMore(pid)
    onlySays(t, run(withRights(...NOBODY), name, pid), line)
  })

  asRoot(
    `${name}: root without CAP_SYS_PTRACE, as in a container, and a process with more rights`,
    async (t) => {
      const { pid } = await program(t, elevate)
      const line = hasMore(pid)
      onlySays(
        t,
        run(withRights('--bounding-set=-sys_ptrace,-chown', '--inh-caps=-sys_ptrace,-chown'), name, pid),
        line,
      )
    },
  )
}

for (const name of Object.keys(COMMANDS)) {
  asRoot(`${name}: root without CAP_SYS_PTRACE, and the process of another user`, async (t) => {
    const { pid } = await program(t, withRights(...NOBODY))
    const line = `process ${pid} belongs to another user: only that user and root with CAP_SYS_PTRACE may read it`
    const less = withRights('--bounding-set=-sys_ptrace,-chown', '--inh-caps=-sys_ptrace,-chown')
    onlySays(t, run(less, name, pid), line)
  })

  asRoot(`${name}: root of a user namespace, and a process outside of it`, async (t) => {
    const { pid } = await program(t, elevate)
    const line = `process ${pid} may not be read, although this one has CAP_SYS_PTRACE: it runs in another container, or a security module forbids it`
    onlySays(t, run([...elevate, 'unshare', '--user', '--map-root-user', '--'], name, pid), line)
  })
}

withCompiler(
  'pidfd_getfd is refused: ps shows the timers, and no connection passes; drill says which rights it needs',
  async (t) => {
    const forbid = [forbidding(), 'getfd']
    const { pid } = await program(t, [])
    const listed = run(forbid, 'ps', pid)
    t.is(listed.status, 1)
    t.regex(listed.stdout, /^\? {2}127\S+ +\? +\? +probe in /m)
    t.regex(listed.stdout, /Values not read: that needs the rights of a debugger: root, or CAP_SYS_PTRACE/)
    t.true(listed.stdout.split('\n').every((line) => line.length <= 80))
    for (const name of ['drill', 'drill --heal']) {
      const line =
        `the sockets of process ${pid} cannot be reached: that takes the same user, and the right to trace it ` +
        '(in Docker --cap-add SYS_PTRACE; with kernel.yama.ptrace_scope=1 or more, root)'
      onlySays(t, run(forbid, name, pid), line)
    }
    t.regex(run([], 'ps', pid).stdout, /^~ {2}127\S+ +30 s +15 min +probe in /m)
    t.regex(run([], 'drill --heal', pid).stdout, /^nothing there is cut off/)
  },
)

withCompiler(
  'pidfd_getfd is refused: a command that sets its own NODE_OPTIONS is not drilled, and drill says what to do',
  (t) => {
    const script = `const server = require('net').createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1', () => {
      require('net').connect(server.address().port, '127.0.0.1').on('error', () => {}) })`
    const drill = [process.execPath, join(folder, 'dist/cli.cjs'), 'drill', '--match', '127.0.0.1:*', '--']
    const [first = '', ...rest] = [forbidding(), 'getfd', ...drill, 'env', '-u', 'NODE_OPTIONS']
    const { status, stdout, stderr } = spawnSync(first, [...rest, process.execPath, '-e', script], {
      cwd: '/',
      encoding: 'utf8',
    })
    t.deepEqual({ status, stdout }, { status: 1, stdout: '' })
    t.regex(
      stderr,
      /the sockets of process \d+ cannot be reached: that takes the same user, and the right to trace it/,
    )
    t.regex(
      stderr,
      /as in NODE_OPTIONS="\$NODE_OPTIONS …", or write its own as arguments: node --import …\n$/,
    )
  },
)

withCompiler(
  'a sandbox without netlink: ps reads the timers as text, and everything else as usual',
  async (t) => {
    const { pid } = await program(t, [])
    const [asEver, without] = [run([], 'ps', pid), run([forbidding(), 'netlink'], 'ps', pid)]
    t.regex(without.stdout, /^~ {2}127\S+ +30 s +15 min +probe in \d+ s$/m)
    const bare = ({ stdout }: Ran): string => stdout.replaceAll(/probe in \d+/g, 'probe in')
    t.is(bare(without), bare(asEver))
  },
)

/** An IPv6 connection has two options, and the second is refused. */
const HALF_CUT = `const native = require('./index.js')
  const { cutOff } = require('./dist/drill.cjs')
  const values = new Int32Array(2)
  const server = require('net').createServer().listen(0, '::1', () => {
    const socket = require('net').connect(server.address().port, '::1', () => {
      try {
        cutOff(socket)
      } catch ({ code, option }) {
        native.getHopMinimum(socket._handle.fd, values)
        console.log(code, option, ...values)
      }
      process.exit()
    })
  })`

withCompiler('a connection that cannot be cut off completely is not cut off at all', (t) => {
  const words = [forbidding(), 'minttl', process.execPath, '-e', HALF_CUT]
  const [first = '', ...rest] = words
  const { stdout } = spawnSync(first, rest, { cwd: folder, encoding: 'utf8' })
  t.is(stdout, 'EPERM IP_MINTTL 0 0\n')
})

/** Starts the command that follows; the kernel refuses it one call: see forbid.c. */
function forbidding(): string {
  const file = join(folder, 'forbid')
  if (!existsSync(file)) execFileSync('gcc', ['-o', file, join(import.meta.dirname, 'forbid.c')])
  return file
}
