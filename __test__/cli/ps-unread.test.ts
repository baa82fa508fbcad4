/** `ps --check` where no connection could be looked at. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { ROOT } from '../../lab/command.ts'
import { findTool } from '../../lab/network/tools.ts'
import { unless } from '../needs.ts'
import type { Ran } from './command.ts'

const [setpriv, unshare] = [findTool('setpriv') ?? '', findTool('unshare') ?? '']
const asRoot = unless(
  process.getuid?.() === 0 && setpriv !== '' && unshare !== ''
    ? undefined
    : 'To become another user takes root, and setpriv and unshare (Debian package util-linux).',
)

/** A user ID without other processes. */
const STRANGER = [setpriv, '--reuid=64321', '--regid=64321', '--clear-groups', '--']

/** A copy of the command line that every user may read. */
let folder = ''
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-unread-'))
  execFileSync('chmod', ['755', folder])
  const binaries = readdirSync(ROOT).filter((each) => each.endsWith('.node'))
  for (const name of ['dist', 'package.json', 'index.js', ...binaries])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
})
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function ps(before: readonly string[], ...args: string[]): Ran {
  const [first = '', ...rest] = [...before, process.execPath, join(folder, 'dist/cli.cjs'), 'ps', ...args]
  const { status, stdout, stderr } = spawnSync(first, rest, { cwd: '/', encoding: 'utf8' })
  return { status, stdout, stderr }
}

const NOTHING = 'No process that this user may read has a TCP connection.\n'

asRoot('ps --check of a user who may read no process: exit code 1, and the reason', (t) => {
  const { status, stdout, stderr } = ps(STRANGER, '--check')
  t.regex(stderr, /^tcp-keepalive: no connection was checked: (?:\d+ processes|1 process) may not be read\n$/)
  t.deepEqual({ status, stdout }, { status: 1, stdout: NOTHING })
  t.like(ps(STRANGER, '--check', '--json'), { status: 1, stdout: '[]\n' })
  t.deepEqual(ps(STRANGER), { status: 0, stdout: NOTHING, stderr: '' })
})

asRoot('ps --check where every process can be read, and none has a connection: exit code 0', (t) => {
  const alone = [unshare, '--pid', '--fork', '--mount-proc', '--']
  t.deepEqual(ps(alone, '--check'), { status: 0, stdout: NOTHING, stderr: '' })
})
