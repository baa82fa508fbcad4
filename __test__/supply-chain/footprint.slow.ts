/** What SECURITY.md says that the package does to a process, observed with strace on the packages as they are published. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { ROOT } from '../../lab/command.ts'
import { pack } from '../../scripts/build/pack-all.ts'
import { run } from '../../lab/run.ts'
import { targetsNamed } from '../../scripts/build/targets.ts'

const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-footprint-'))
test.after.always(() => rmSync(folder, { recursive: true }))

interface Footprint {
  /** How often each call on sockets was made. */
  readonly socketCalls: ReadonlyMap<string, number>
  readonly files: ReadonlySet<string>
  readonly written: ReadonlySet<string>
  readonly programs: ReadonlySet<string>
}

let nothing: Footprint
let everything: Footprint
test.before(async (t) => {
  t.timeout(1_200_000)
  const packed = await pack(
    targetsNamed(['linux-x64-gnu']),
    join(ROOT, 'artifacts'),
    join(folder, 'packages'),
  )
  for (const { name, tarball } of packed) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(place, { recursive: true })
    await run('tar', ['--extract', '--strip-components=1', '--file', tarball, '--directory', place])
  }
  copyFileSync(join(import.meta.dirname, 'footprint-program.cjs'), join(folder, 'program.cjs'))
  nothing = footprint('nothing')
  everything = footprint('everything')
})

test("on sockets it reads options and peers, and sets options; it opens three sockets to read the system's values", (t) => {
  const more = new Map<string, number>()
  for (const [call, times] of everything.socketCalls) {
    const difference = times - (nothing.socketCalls.get(call) ?? 0)
    if (difference !== 0) more.set(call, difference)
  }
  t.deepEqual([...more.keys()].toSorted(), [
    'getpeername',
    'getsockname',
    'getsockopt',
    'setsockopt',
    'socket',
  ])
  t.is(more.get('socket'), 3) // each is closed again
})

test('it opens its own files, and two that identify the system', (t) => {
  const own = join(folder, 'node_modules')
  const more = [...everything.files].filter((file) => !nothing.files.has(file))
  t.true(more.some((file) => file.endsWith('.node')))
  const others = more.filter((file) => !file.startsWith(own))
  t.deepEqual(others.toSorted(), ['/proc/self/status', '/usr/bin/ldd'])
})

test('it writes no file and starts no program', (t) => {
  t.deepEqual(
    [...everything.written].filter((file) => !nothing.written.has(file)),
    [],
  )
  t.deepEqual([...everything.programs], [process.execPath])
})

/** A call that creates, changes or deletes a file. */
const CHANGING = /^(creat|mkdir|rename|unlink)|^open.*(O_WRONLY|O_RDWR|O_CREAT)/

function footprint(what: 'nothing' | 'everything'): Footprint {
  const log = join(folder, `${what}.log`)
  const trace =
    'trace=%network,execve,execveat,open,openat,creat,unlink,unlinkat,rename,renameat2,mkdir,mkdirat'
  const strace = ['-f', '-qq', '-s', '4096', '-e', trace, '-e', 'signal=none', '-o', log]
  execFileSync('strace', [...strace, process.execPath, 'program.cjs', what], { cwd: folder })
  const socketCalls = new Map<string, number>()
  const files = new Set<string>()
  const written = new Set<string>()
  const programs = new Set<string>()
  for (const line of readFileSync(log, 'latin1').split('\n')) {
    const [, call = '', rest = ''] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? []
    const file = /"([^"]*)"/.exec(rest)?.[1] ?? ''
    if (call.startsWith('exec')) programs.add(file)
    else if (CHANGING.test(`${call} ${rest}`)) written.add(file)
    else if (!call.startsWith('open')) socketCalls.set(call, (socketCalls.get(call) ?? 0) + 1)
    else if (!/ = -1 /.test(rest)) files.add(file)
  }
  return { socketCalls, files, written, programs }
}
