/**
 * For any Node: with TCP_KEEPALIVE_MATCH=<name> and no code, every socket of every client library to that name has the values. This
 * includes clients that resolve the name themselves and connect to an address. Another process reads the values.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import anyTest, { type ExecutionContext } from 'ava'
import { type Client, clients } from '../../lab/clients/catalogue.ts'
import { Bench, matrixUnavailable } from '../../lab/clients/matrix.ts'
import { ClientProcess, knowingName } from '../../lab/clients/processes.ts'
import { unless } from '../needs.ts'
import type { Node } from './matrix-tests.ts'
import { Trial, variantsOf } from './trial.ts'

const NAME = 'server.lab.test'

/** Like `ASKED` of the matrix. */
const VARIABLES = {
  TCP_KEEPALIVE_TIME: '11s',
  TCP_KEEPALIVE_INTERVAL: '3s',
  TCP_KEEPALIVE_RETRIES: '5',
  TCP_KEEPALIVE_USER_TIMEOUT: '25500ms',
  TCP_KEEPALIVE_MATCH: NAME,
  TCP_KEEPALIVE_REQUIRED: '1',
}

/** One test for each client and Node, all with the same servers. */
export async function testByName(nodes: readonly Node[]): Promise<void> {
  const missing = await matrixUnavailable()
  const test = unless(missing)
  const serially = 'serial' in test ? test.serial : test
  const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-hosts-'))
  const hosts = join(folder, 'hosts')
  let bench: Bench
  if (missing === undefined) {
    anyTest.before('the servers start', async (t) => {
      t.timeout(120_000)
      bench = await Bench.open()
      writeFileSync(hosts, `127.0.0.1 localhost\n${bench.lab.server.address} ${NAME}\n`)
    })
    anyTest.after.always('the servers are gone', () => bench?.close())
  }
  anyTest.after.always('the hosts file is gone', () => rmSync(folder, { recursive: true }))
  for (const node of nodes) {
    for (const [name, client] of clients) {
      const title = `Node ${node.version}, ${name}: by the server's name every socket carries the values`
      serially(title, (t) => tryClient(t, bench, { name, client, node, hosts }))
    }
  }
}

interface Tried {
  readonly name: string
  readonly client: Client
  readonly node: Node
  readonly hosts: string
}

async function tryClient(
  t: ExecutionContext,
  bench: Bench,
  { name, client, node: { version, program }, hosts }: Tried,
): Promise<void> {
  const { node, env } = knowingName(hosts, program)
  const process = await ClientProcess.start(bench.lab.client, name, {
    ...(node === undefined ? {} : { node }),
    env: { ...env, ...VARIABLES },
    nodeArguments: ['--import=tcp-keepalive/register'],
  })
  t.teardown(() => process.stop())
  const major = Number.parseInt(version)
  for (const variant of variantsOf(client)) {
    if (variant.own) continue
    const trial = await Trial.begin(t, bench, { client, process, variant, how: 'bare', major, host: NAME })
    trial.held('first query')
    if (!client.connectsOnce) {
      await trial.reconnect()
      trial.held('after a reconnect')
    }
    await trial.end()
  }
}
