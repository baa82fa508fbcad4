/**
 * What Node on Windows reports for a connection that the system aborts. It runs under Wine, whose Winsock passes Linux's
 * ECONNABORTED on as WSAECONNABORTED. `ss --kill` aborts the connection, in a network of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { ALL_RUNTIMES, type Runtime } from '../../lab/platforms/runtimes.ts'
import { WINE_ROOT } from '../../lab/platforms/wine.ts'
import { run } from '../../lab/run.ts'
import { outcomeOn } from '../../src/hold/outcome.ts'
import { unless } from '../needs.ts'

/** A start under Wine takes seconds. */
const LIMIT_MS = 120_000

interface Said {
  readonly port?: number
  readonly code?: string
  readonly syscall?: string
}

const windows = ALL_RUNTIMES.filter(({ target }) => target === 'win32-x64-msvc')
const unavailable =
  process.getuid?.() === 0 ? await windows[0]?.unavailable() : 'A network of its own needs root.'

unless(unavailable)(
  'a read of an aborted connection ends with ECONNRESET in every version of Node on Windows',
  async (t) => {
    t.timeout(15 * 60_000)
    t.true(windows.length >= 4)
    for (const runtime of windows) {
      const said = await abortedOn(t, runtime)
      t.like(said, { code: 'ECONNRESET', syscall: 'read' }, runtime.name)
      t.is(outcomeOn('win32', said), 'reset', runtime.name)
    }
  },
)

async function abortedOn(t: ExecutionContext, runtime: Runtime): Promise<Said> {
  const { command, stop } = await runtime.prepare()
  await cp(join(import.meta.dirname, '../../lab/platforms/aborted.cjs'), join(WINE_ROOT, 'opt/aborted.cjs'))
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-'))
  const path = join(folder, 'output')
  // A file, because Windows programs under Wine may lose what they write into a pipe.
  const file = await open(path, 'w')
  const inNetwork = ['--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
  const program = [...command.slice(0, -1), String.raw`Z:\opt\aborted.cjs`]
  const child = spawn('unshare', [...inNetwork, ...program], {
    stdio: ['ignore', file.fd, file.fd],
    detached: true,
  })
  try {
    const { port } = await line(t, path, child, 0)
    if (port === undefined) throw new Error(await readFile(path, 'utf8'))
    const kill = ['ss', '--kill', '--no-header', '--tcp', '--numeric', `sport = :${port}`]
    const killed = await run('nsenter', [`--target=${child.pid}`, '--net', ...kill])
    t.is(killed.trim().split('\n').length, 1, killed)
    return await line(t, path, child, 1)
  } finally {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await stop?.()
    await file.close()
    await rm(folder, { recursive: true })
  }
}

/** The line with that number, once it exists. */
async function line(t: ExecutionContext, path: string, child: ChildProcess, index: number): Promise<Said> {
  for (const begin = Date.now(); ; await sleep(100)) {
    const output = await readFile(path, 'utf8')
    const found = output.split('\n').filter((each) => each.startsWith('{'))[index]
    if (found !== undefined && output.endsWith('\n')) return JSON.parse(found) as Said
    if (Date.now() - begin > LIMIT_MS || (child.exitCode ?? 0) !== 0) {
      t.log(output)
      throw new Error(`there is no line ${index} of what the program says`)
    }
  }
}
