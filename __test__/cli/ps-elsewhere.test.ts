/** `ps` in unusual cases: a connection in progress, another network namespace, and the results of the binding. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import * as native from 'tcp-keepalive/native'
import { echoPort, startEcho } from '../../lab/network/echo.ts'
import { openLab } from '../../lab/network/lab.ts'
import type { ProcessConnections } from '../../src/cli/ps-findings.ts'
import { unless, withLab } from '../needs.ts'
import { cli } from './command.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'The command ps needs Linux.')

/** The number of values in a row of `inspectProcess`. */
const ROW = 28

/** Prints a line when it has this many connections to that port. The code to run may follow. */
async function connected(
  t: ExecutionContext,
  {
    host,
    port,
    count,
    before = [],
  }: { host: string; port: number; count: number; before?: readonly string[] },
): Promise<ChildProcess> {
  const script = `const { connect } = require('net')
    let count = 0
    for (let index = 0; index < ${count}; index++) connect(${port}, '${host}').on('connect', function () {
      this.setKeepAlive(true, 40_000)
      if (++count === ${count}) console.log('there')
    })`
  const [first = '', ...rest] = [...before, process.execPath, '-e', script]
  const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

function connectionsOf(pid: number | undefined): ProcessConnections['connections'] {
  const [{ connections, unreadable }] = JSON.parse(cli('ps', String(pid), '--json').stdout) as [
    ProcessConnections,
  ]
  if (unreadable !== undefined) throw new Error(unreadable)
  return connections
}

/** A server with room for two connections. It accepts none, because its process is stopped. */
async function fullServer(t: ExecutionContext): Promise<number> {
  const script = `const server = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () =>
    console.log(server.address().port))`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  child.kill('SIGSTOP')
  return Number(String(line))
}

onLinux('a connection in progress is shown as such, with its peer', async (t) => {
  const port = await fullServer(t)
  const sockets = Array.from({ length: 6 }, () => net.connect(port, '127.0.0.1'))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  for (;;) {
    const ours = connectionsOf(process.pid).filter(({ remote }) => remote.port === port)
    if (ours.length === sockets.length && ours.some(({ state }) => state === 'syn-sent')) {
      const { remote, protection, timer } = ours.find(({ state }) => state === 'syn-sent') ?? {}
      t.deepEqual([remote?.address, protection, timer], ['127.0.0.1', 'closing', 'retransmit'])
      return
    }
    await sleep(50)
  }
})

withLab(
  'a process in another network namespace is shown with the timers and values of that namespace',
  async (t) => {
    const lab = await openLab(t)
    await startEcho(lab)
    const before = lab.client.entry.filter((word) => !word.startsWith('--pid='))
    const { pid } = await connected(t, { host: lab.server.address, port: echoPort, count: 3, before })
    const connections = connectionsOf(pid)
    t.is(connections.length, 3)
    for (const { remote, timer, timerIn, values } of connections) {
      t.deepEqual(remote, { address: lab.server.address, port: echoPort })
      t.is(values?.time, 40_000)
      t.is(timer, 'keepalive')
      t.true(timerIn > 0 && timerIn <= 40_000, `${timerIn} ms`)
    }
  },
)

onLinux(
  'if there are more sockets than there is room for, the binding counts them and writes none',
  async (t) => {
    const server = net.createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const { port } = server.address() as net.AddressInfo
    const { pid = 0 } = await connected(t, { host: '127.0.0.1', port, count: 5 })
    const rows = new Int32Array(ROW * 2)
    t.true(native.inspectProcess(pid, pid, rows) >= 5)
    t.true(rows.every((number) => number === 0))
    const timers = new Int32Array(3).fill(-7)
    t.true(native.tcpTimers(timers) >= 10) // both ends
    t.true(timers.every((number) => number !== -7)) // a socket in TIME_WAIT has no inode
    t.true(native.inspectProcess(process.pid, process.pid, new Int32Array(ROW)) < 0) // it never inspects its own process
  },
)
