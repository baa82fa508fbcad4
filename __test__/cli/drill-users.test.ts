/** `drill -- COMMAND` of a command that runs as another user, and what such a user may do in the folder of the drill. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import { ROOT } from '../../lab/command.ts'
import { findTool } from '../../lab/network/tools.ts'
import type { DrillReport } from '../../src/cli/drill-findings.ts'
import { NewsFolder } from '../../src/cli/drill-folder.ts'
import { NewsWriter } from '../../src/cli/drill-news.ts'
import { unless } from '../needs.ts'
import { openPort } from './drilling.ts'

const setpriv = findTool('setpriv') ?? ''
const asRoot = unless(
  process.getuid?.() === 0 && setpriv !== ''
    ? undefined
    : 'To become another user takes root, and setpriv (Debian package util-linux).',
)
const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux can cut a connection off.')

/** The user ID: nobody(5). */
const NOBODY = [setpriv, '--reuid=65534', '--regid=65534', '--clear-groups', '--']

/** A copy of the command line that every user may read, and a folder for temporary files that every user may enter. */
let folder = ''
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-users-'))
  mkdirSync(join(folder, 'tmp'))
  execFileSync('chmod', ['755', folder, join(folder, 'tmp')])
  const binaries = readdirSync(ROOT).filter((each) => each.endsWith('.node'))
  for (const name of ['dist', 'package.json', 'index.js', ...binaries])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
})
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

asRoot('drill -- COMMAND: a process of another user drills itself, beside one of this user', async (t) => {
  const port = await openPort(t)
  const program = `const net = require('net')
    const { setKeepAlive } = require(${JSON.stringify(join(folder, 'dist/index.cjs'))})
    const socket = net.connect(${port}, '127.0.0.1', () => setKeepAlive(socket, { time: 1000, interval: 1000, retries: 1 }))
    socket.on('error', () => {})
    setInterval(() => {}, 1000)`
  const both = `"$0" -e "$1" & shift; exec ${NOBODY.join(' ')} "$0" -e "$1"`
  const command = ['sh', '-c', both, process.execPath, program, program]
  const words = ['drill', '--match', `*:${port}`, '--within', '20s', '--json', '--', ...command]
  const drill = spawn(process.execPath, [join(folder, 'dist/cli.cjs'), ...words], {
    cwd: '/',
    env: { ...process.env, TMPDIR: join(folder, 'tmp') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => drill.kill())
  const [stdout, stderr] = await Promise.all([text(drill.stdout), text(drill.stderr), once(drill, 'close')])
  t.is(drill.exitCode, 0, stdout + stderr)
  const reports = JSON.parse(stdout) as DrillReport[]
  t.deepEqual(
    reports.map(({ connections, healed }) => [healed, ...connections.map(({ fate }) => fate)]),
    [
      [true, 'told'],
      [true, 'told'],
    ],
  )
  t.deepEqual(readdirSync(join(folder, 'tmp')), [])
})

function newsFolder(t: ExecutionContext): NewsFolder {
  const files = new NewsFolder()
  t.teardown(() => files.remove())
  return files
}

asRoot('another user cannot list the folder of a drill, and not write where the drill itself writes', (t) => {
  const { folder: inner } = newsFolder(t)
  const outer = join(inner, '..')
  const asNobody = (script: string): number | null => {
    const [command = '', ...rest] = [...NOBODY, 'sh', '-c', script]
    return spawnSync(command, rest, { cwd: '/', stdio: 'ignore' }).status
  }
  t.is(asNobody(`echo > '${inner}/file'`), 0) // whoever knows the name can write
  t.not(asNobody(`ls '${outer}'`), 0)
  t.not(asNobody(`ls '${inner}'`), 0)
  t.not(asNobody(`ln -s /etc/passwd '${outer}/stop'`), 0)
  writeFileSync(join(inner, 'of-root'), '')
  t.not(asNobody(`rm -f '${inner}/of-root'`), 0)
})

onLinux(
  'what is not a report of a process is skipped: links, pipes, folders, and text of another kind',
  (t) => {
    const files = newsFolder(t)
    const writer = new NewsWriter(files.folder)
    writer.tell({ pid: 7, peers: 'one' })
    writer.tell({ pid: 7, peers: 'two' })
    const valid = '{"pid":8,"peers":"linked"}\n'
    const outside = mkdtempSync(join(tmpdir(), 'drilled-'))
    t.teardown(() => rmSync(outside, { recursive: true }))
    writeFileSync(join(outside, 'file'), valid)
    symlinkSync(join(outside, 'file'), join(files.folder, 'link'))
    execFileSync('mkfifo', [join(files.folder, 'pipe')])
    mkdirSync(join(files.folder, 'folder'))
    const others = [
      'no JSON\n',
      '7\n',
      'null\n',
      '{"peers":"nobody"}\n',
      '{"pid":"9","peers":"text"}\n',
      '{"pid":9}\n',
      '{"pid":9,"peers":7}\n',
      '{"pid":9,"problem":{}}\n',
      '{"pid":9,"connections":5}\n',
      '{"pid":9,"connections":[null]}\n',
      '{"pid":9,"connections":[{"peer":5}]}\n',
      '{"pid":9,"report":{}}\n',
      '{"pid":9,"report":{"pid":9,"connections":null}}\n',
      '{"pid":9,"peers":"not finished"',
    ]
    for (const [index, line] of others.entries()) writeFileSync(join(files.folder, `other-${index}`), line)
    t.deepEqual(files.read(), [{ pid: 7, peers: 'two' }])
    rmSync(join(files.folder, 'folder'), { recursive: true })
    files.remove()
    t.throws(() => readdirSync(files.folder), { code: 'ENOENT' })
    t.is(readFileSync(join(outside, 'file'), 'utf8'), valid)
  },
)

onLinux('text of another user cannot control the terminal', (t) => {
  const files = newsFolder(t)
  const line = { pid: 9, problem: '\u001B[2Jwiped\u0007' }
  writeFileSync(join(files.folder, 'file'), `${JSON.stringify(line)}\n`)
  chmodSync(join(files.folder, 'file'), 0o644)
  t.deepEqual(files.read(), [{ pid: 9, problem: ' [2Jwiped ' }])
})
