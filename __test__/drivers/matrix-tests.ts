/** The tests of the driver matrix, for any Node. */
import anyTest, { type ExecutionContext } from 'ava'
import { unless } from '../needs.ts'
import { type Client, clients } from '../../lab/clients/catalogue.ts'
import { Bench, matrixUnavailable } from '../../lab/clients/matrix.ts'
import { ClientProcess, type Manner } from '../../lab/clients/processes.ts'
import { Trial, variantsOf } from './trial.ts'

/** A Node to run clients on. */
export interface Node {
  readonly version: string
  readonly program: string
}

export const thisNode: Node = { version: process.versions.node, program: process.execPath }

/** One test for each client and Node, all with the same servers. */
export async function testMatrix(nodes: readonly Node[] = [thisNode]): Promise<void> {
  const missing = await matrixUnavailable()
  const test = unless(missing)
  let bench: Bench
  if (missing === undefined) {
    anyTest.before('the servers start', async (t) => {
      t.timeout(120_000)
      bench = await Bench.open()
    })
    anyTest.after.always('the servers are gone', () => bench?.close())
  }
  // Sequentially, because the servers already keep the machine busy.
  const serially = 'serial' in test ? test.serial : test
  for (const node of nodes) {
    for (const [name, client] of clients) {
      if (client.over) continue
      const title = `Node ${node.version}, ${name}: every socket carries the values asked for ${whenRead(client)}`
      serially(title, (t) => tryAll(t, bench, { name, client, node }))
    }
  }
  if (nodes.includes(thisNode)) {
    for (const [name, client] of clients) {
      serially(`examples/${name}.mjs gives every socket its values`, (t) =>
        tryExample(t, bench, { name, client }),
      )
    }
  }
}

function whenRead({ server, connectsOnce }: Client): string {
  if (server) return 'at the first query, at the next, and after a reconnect'
  return connectsOnce ? 'as it connects' : 'as it connects, and after a reconnect'
}

/** The file as a reader copies it, with `detectWithin: 30_000`. */
async function tryExample(
  t: ExecutionContext,
  bench: Bench,
  { name, client }: { name: string; client: Client },
): Promise<void> {
  const process = await ClientProcess.start(bench.lab.client, name)
  t.teardown(() => process.stop())
  const major = Number.parseInt(thisNode.version)
  for (const variant of variantsOf(client)) {
    if (variant.own || (variant.tls && client.plainExample)) continue
    await tryHeld(await Trial.begin(t, bench, { client, process, variant, how: 'example', major }), client)
  }
}

async function tryHeld(trial: Trial, { server, connectsOnce }: Client): Promise<void> {
  trial.held('first query')
  if (server) {
    await trial.use()
    trial.held('next query')
  }
  if (!connectsOnce) {
    await trial.reconnect()
    trial.held('after a reconnect')
  }
  await trial.end()
}

async function tryAll(
  t: ExecutionContext,
  bench: Bench,
  { name, client, node }: { name: string; client: Client; node: Node },
): Promise<void> {
  const process = await ClientProcess.start(bench.lab.client, name, { node: node.program })
  t.teardown(() => process.stop())
  for (const variant of variantsOf(client)) {
    const begin = (how: Manner): Promise<Trial> =>
      Trial.begin(t, bench, { client, process, variant, how, major: Number.parseInt(node.version) })
    for (const how of ['bare', 'at connect'] as const) {
      const trial = await begin(how)
      trial.left(how)
      await trial.end()
    }
    await tryHeld(await begin('install'), client)
  }
}
