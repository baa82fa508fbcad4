/** `tcp-keepalive ps` of a process with 1,000 sockets, this one; a process of its own each time, as a person has it. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { connectMany, end, startPeers } from '../connections.ts'
import { paired } from '../paired.ts'
import { say } from '../say.ts'

const SOCKETS = 1000
const command = join(import.meta.dirname, '../../dist/cli.cjs')

const peers = await startPeers()
const sockets = await connectMany(peers, SOCKETS)

function run(...parameters: string[]): string {
  return execFileSync(process.execPath, parameters, { encoding: 'utf8', maxBuffer: 1e8 })
}

function listThem(): void {
  if (!run(command, 'ps', String(process.pid)).includes(`\n${SOCKETS} connections`)) {
    throw new Error('ps has not found all connections')
  }
}

await say('ps', () =>
  paired({ calls: 1, run: () => run('-e', '0') }, { calls: 1, run: listThem }, { rounds: 20, samples: 2 }),
)
await end(sockets)
await peers.stop()
