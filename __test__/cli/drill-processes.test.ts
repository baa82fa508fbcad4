/** Drills on commands with several processes, and on commands without a matching connection. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { longestWait, Waiting } from '../../src/cli/drill-waiting.ts'
import { COMMAND_HELP } from '../../src/cli/help.ts'
import { unless } from '../needs.ts'
import { Drilling, drillProgram, lastRows, openPort, programOf } from './drilling.ts'
import type { DrillReport } from '../../src/cli/drill-findings.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'Only Linux can cut a connection off.')

const CLUSTER = `const cluster = require('node:cluster')
  if (cluster.isPrimary) {
    for (let count = 0; count < 2; count++) cluster.fork()
    cluster.on('exit', () => cluster.fork())
  } else {`

onLinux('cluster: a column for the process, one total, one exit code', async (t) => {
  const port = await openPort(t)
  const worker = `quiet(cluster.worker.id === 1 && { time: 1000, interval: 1000, retries: 1 }); setInterval(() => {}, 1000) }`
  const drilling = drillProgram(t, port, ['--within', '5s'], `${CLUSTER} ${worker}`)
  const { code, stdout } = await drilling.done
  t.regex(stdout, /^PID +PEER +WAS +DETECTED$/m)
  const rows = /^(\d+) +127\.0\.0\.1:\d+ +idle +(after|not in time)/gm
  const table = stdout.slice(stdout.lastIndexOf('WAS'))
  const found = [...table.matchAll(rows)].map(([, pid, fate]) => ({ pid, fate }))
  for (const wanted of ['after', 'not in time'])
    t.is(found.filter(({ fate }) => fate === wanted).length, 1, stdout)
  t.is(found.length, 2)
  t.not(found[0]?.pid, found[1]?.pid)
  t.is(stdout.match(/detected within/g)?.length, 1, stdout)
  t.regex(stdout, /^1 of 2 detected within 5 s$/m)
  t.is(stdout.match(/everything is put back/g)?.length, 1)
  t.is(code, 1)
})

onLinux(
  'cluster: workers that end when they get the error, and are started again, are drilled once',
  async (t) => {
    const port = await openPort(t)
    const worker = `open({ time: 1000, interval: 1000, retries: 1 }) }`
    const { code, stdout } = await drillProgram(t, port, ['--within', '5s', '--json'], `${CLUSTER} ${worker}`)
      .done
    const reports = JSON.parse(stdout) as DrillReport[]
    t.is(reports.length, 2, stdout)
    for (const { ended, connections } of reports) {
      t.deepEqual(ended, { code: 1 })
      t.deepEqual(
        connections.map(({ fate, toldBy }) => [fate, toldBy]),
        [['told', 'kernel']],
      )
    }
    t.is(code, 1)
  },
)

onLinux('a command without a Node process: the drill says that it waits for one', async (t) => {
  const drilling = new Drilling(t, ['--match', '*:1', '--', 'sleep', '60'])
  await drilling.untilSaid(/still waiting/)
  drilling.interrupt()
  const { code, stderr } = await drilling.done
  t.regex(stderr, /still waiting: no process of Node has started/)
  t.is(code, 2)
})

onLinux('a match that fits no connection: the drill lists the connections that exist', async (t) => {
  const port = await openPort(t)
  const command = [process.execPath, '-e', programOf(port, `quiet(); setInterval(() => {}, 1000)`)]
  const drilling = new Drilling(t, ['--match', '127.0.0.2:*', '--', ...command])
  await drilling.untilSaid(/still waiting: process/)
  drilling.interrupt()
  const { stderr } = await drilling.done
  t.regex(
    stderr,
    new RegExp(
      `still waiting: process \\d+ is connected to 127\\.0\\.0\\.1:${port}; none matches 127\\.0\\.0\\.2:\\*$`,
      'm',
    ),
  )
})

onLinux('a program that is not connected yet: the drill says so', async (t) => {
  const server = createServer()
  t.teardown(() => server.close())
  const drilling = drillProgram(t, 1, [], `setInterval(() => {}, 1000)`)
  await drilling.untilSaid(/still waiting/)
  drilling.interrupt()
  t.regex((await drilling.done).stderr, /still waiting: the program has no connection so far/)
})

for (const [name, lines, where] of [
  ['that is not connected', `setInterval(() => {}, 1000)`, 'the program has no connection so far'],
  ['that is connected elsewhere', `quiet(); setInterval(() => {}, 1000)`, 'process \\d+ is connected to 127'],
] as const) {
  onLinux(`--for ends the wait for a connection of a program ${name}`, async (t) => {
    const port = await openPort(t)
    const program = programOf(port, `console.log('pid', process.pid); ${lines}`)
    const words = ['--match', '*:1', '--within', '6s', '--for', '8s', '--', process.execPath, '-e', program]
    const { code, stdout, stderr } = await new Drilling(t, words).done
    t.regex(stderr, new RegExp(`^tcp-keepalive: no matching connection within 8 s: ${where}`, 'm'))
    t.is(code, 1)
    const pid = Number(/^pid (\d+)$/m.exec(stdout)?.[1])
    t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  })
}

test('--for does not end the wait while a process is settling, and counts from the start of a Node process', async (t) => {
  const { pid } = process
  const waits = new Waiting(['*:1'], 1)
  const later = (): Promise<void> => sleep(10)
  waits.look([])
  await later()
  waits.look([]) // Node itself may take seconds to start on a busy machine
  waits.look([{ pid, peers: '' }])
  await later()
  waits.look([{ pid, isSettling: true }])
  t.throws(() => waits.look([{ pid, peers: '' }]), {
    message: 'no matching connection within 1 ms: the program has no connection so far',
  })
})

test('without --for the wait for a connection ends too, after the documented time', (t) => {
  t.is(longestWait(undefined), 300_000)
  t.is(longestWait(8000), 8000)
  t.regex(
    COMMAND_HELP['drill'] ?? '',
    /waits for a matching connection for five minutes,\nor for the time of --for/,
  )
})

onLinux('a command that cannot be started', async (t) => {
  const { code, stderr } = await new Drilling(t, ['--match', '*:1', '--', 'no-such-command']).done
  t.regex(stderr, /spawn no-such-command ENOENT/)
  t.is(code, 1)
})

onLinux('a command that does not end at SIGTERM is ended anyway', async (t) => {
  const port = await openPort(t)
  const lines = `quiet(); console.log('pid', process.pid); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`
  const { stdout } = await drillProgram(t, port, ['--within', '1s'], lines).done
  const pid = Number(/^pid (\d+)$/m.exec(stdout)?.[1])
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  t.is(lastRows(stdout).length, 1)
})

/** What keeps a program from ending, or from restoring its connections. */
const STUBBORN = {
  'that ignores SIGTERM': "process.on('SIGTERM', () => console.log('asked to end'))",
  'that is blocked': `process.on('SIGTERM', () => {})
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 5000); setTimeout(() => console.log('blocks'), 4900)`,
}

for (const [name, lines] of Object.entries(STUBBORN)) {
  onLinux(`a second signal ends a command ${name}, and nothing is left behind`, async (t) => {
    const port = await openPort(t)
    const folder = mkdtempSync(join(tmpdir(), 'drilled-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const program = `quiet(); console.log('pid', process.pid); ${lines}; setInterval(() => {}, 1000)`
    const drilling = drillProgram(t, port, ['--within', '50s'], program, { TMPDIR: folder })
    await drilling.untilSaid(/idle +…/)
    if (name === 'that is blocked') {
      await drilling.untilSaid(/blocks/)
      await sleep(500)
    }
    drilling.interrupt()
    if (name === 'that ignores SIGTERM') await drilling.untilSaid(/asked to end/)
    else await sleep(500)
    drilling.interrupt()
    const { code, stdout } = await drilling.done
    t.is(code, 2, stdout)
    t.regex(lastRows(stdout).join('\n'), /^idle +too early to tell$/, stdout)
    t.regex(stdout, /^nothing can be said: 1 too early to tell\neverything is put back$/m)
    const pid = Number(/^pid (\d+)$/m.exec(stdout)?.[1])
    t.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
    t.deepEqual(
      readdirSync(folder).filter((each) => each.startsWith('tcp-keepalive-drill-')),
      [],
    )
  })
}

onLinux('a command that connects for each request is drilled when it has a connection', async (t) => {
  const port = await openPort(t)
  const lines = `const ask = () => { const one = quiet({ time: 1000, interval: 1000, retries: 1 }); setTimeout(() => one.destroy(), 200) }
    ask(); setTimeout(() => setInterval(ask, 400), 4500)`
  const { code, stdout } = await drillProgram(t, port, ['--within', '20s'], lines).done
  t.regex(stdout, /^1 of 1 detected within 20 s$/m)
  t.is(code, 0)
})

onLinux('a command is ended when nobody reads the output any more', async (t) => {
  const port = await openPort(t)
  const lines = `quiet(); console.error('pid', process.pid); setInterval(() => {}, 1000)`
  const drilling = drillProgram(t, port, ['--within', '2s', '--for', '30s'], lines)
  await drilling.untilSaid(/idle +…/)
  drilling.stopReading()
  const { stderr } = await drilling.done
  const pid = Number(/^pid (\d+)$/m.exec(stderr)?.[1])
  while (existsSync(`/proc/${pid}`)) await sleep(50) // the process may take some time to end
  t.pass()
})
