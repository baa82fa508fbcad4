/** `ps --match`: only the connections to these peers are shown and checked. */
import { connectedPair } from '../../lab/readback/readback.ts'
import type { ProcessConnections } from '../../src/cli/ps-findings.ts'
import { unless } from '../needs.ts'
import { cli } from './command.ts'

const onLinux = unless(process.platform === 'linux' ? undefined : 'The command ps needs Linux.')

const PID = String(process.pid)

function remotePorts(...words: string[]): number[][] {
  const processes = JSON.parse(cli('ps', ...words, '--json').stdout) as ProcessConnections[]
  return processes.map(({ connections }) => connections.map(({ remote }) => remote.port))
}

onLinux('ps --match shows and checks only matching connections; other processes are left out', async (t) => {
  const { client, accepted, close } = await connectedPair()
  t.teardown(close)
  const [server = 0, own = 0] = [client.remotePort, accepted.remotePort]
  t.deepEqual(new Set(remotePorts(PID)[0]), new Set([server, own]))
  t.deepEqual(remotePorts(PID, '--match', `*:${server}`), [[server]])
  t.deepEqual(remotePorts('--match', `*:${server},10.9.9.9:*`), [[server]])
  t.deepEqual(remotePorts('--match', '10.9.9.9:*'), [])
  client.setKeepAlive(true, 60_000)
  t.is(cli('ps', PID, '--check').status, 1) // the accepted end is unprotected
  t.is(cli('ps', PID, '--check', '--match', `*:${server}`).status, 0)
  t.is(cli('ps', PID, '--check', '--match', `127.0.0.0/8:${own}`).status, 1)
})

onLinux('ps --match without a matching connection: that is said, and --check does not pass', (t) => {
  for (const pids of [[PID], []]) {
    const words = ['ps', ...pids, '--match', '10.9.9.9:*']
    t.is(cli(...words).status, 0)
    const { status, stdout, stderr } = cli(...words, '--check')
    t.is(status, 1)
    t.regex(stdout, pids.length > 0 ? /\n0 connections\n$/ : /^No process .* has a matching connection\.\n$/)
    t.is(stderr, 'tcp-keepalive: no connection was checked: none matches 10.9.9.9:*\n')
  }
})

onLinux('ps --match refuses what drill --match refuses', (t) => {
  t.regex(cli('ps', '--match', '*:5432,db.internal').stderr, /--match: "db\.internal" is a name/)
  t.is(cli('ps', '--match', 'one:two').status, 2)
})
