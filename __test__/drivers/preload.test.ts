/** A comparison: a preloaded C library sets values when a socket is made, and Node's clients overwrite them later. */
import type { ExecutionContext } from 'ava'
import type { ProgramOptions } from '../../lab/network/program.ts'
import { unless } from '../needs.ts'
import { clients } from '../../lab/clients/catalogue.ts'
import { Bench, matrixUnavailable } from '../../lab/clients/matrix.ts'
import { ClientProcess } from '../../lab/clients/processes.ts'
import { preloadLibrary, preloadUnavailable } from '../../lab/preload.ts'

const NAMES = ['pg', 'postgres', 'mysql2', 'mariadb', 'ioredis', 'redis', 'http']

const test = unless((await matrixUnavailable()) ?? preloadUnavailable())

/** The values on each client's socket after its first query, as "time/interval/retries". */
async function valuesWith(
  t: ExecutionContext,
  bench: Bench,
  own: boolean,
  options: ProgramOptions,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {}
  for (const name of NAMES) {
    const client = clients.get(name)
    if (!client) throw new Error(`There is no client ${name}`)
    const process = await ClientProcess.start(bench.lab.client, name, options)
    t.teardown(() => process.stop())
    const way = await bench.wayTo(client, false)
    const where = { host: bench.lab.server.address, port: way.port, tls: false }
    await process.open({ where, own, how: 'bare' })
    await process.use()
    const [socket] = process.sockets(way.port)
    values[name] = `${socket?.time}/${socket?.interval}/${socket?.retries}`
    await process.close()
    await process.stop()
  }
  return values
}

test('by environment variables alone: tcp-keepalive/register 7 of 7, a preload library 0 of 7', async (t) => {
  t.timeout(120_000)
  const bench = await Bench.open(['postgres', 'mariadb', 'redis', 'http'])
  t.teardown(() => bench.close())
  const preload = {
    env: {
      LD_PRELOAD: preloadLibrary(t, new URL('preload.c', import.meta.url)),
      PRELOAD_KEEPALIVE: '1',
      PRELOAD_KEEPIDLE: '11',
      PRELOAD_KEEPINTVL: '3',
      PRELOAD_KEEPCNT: '5',
    },
  }
  const register = {
    env: { TCP_KEEPALIVE_DETECT_WITHIN: '30s' },
    nodeArguments: ['--import=tcp-keepalive/register'],
  }
  // If a client's keepalive option has a delay, the client calls Node, and Node sets all three values.
  t.deepEqual(thatKeep(await valuesWith(t, bench, true, preload)), [])
  // By default these three do not call Node, or call it without a delay.
  const untouched = ['pg', 'mysql2', 'mariadb']
  t.deepEqual(thatKeep(await valuesWith(t, bench, false, preload)), untouched)

  for (const own of [true, false]) t.deepEqual(thatKeep(await valuesWith(t, bench, own, register)), NAMES)
})

function thatKeep(values: Readonly<Record<string, string>>): string[] {
  return Object.keys(values).filter((name) => values[name] === '11/3/5')
}
