/** No hook reaches libpq. It has parameters of its own, which docs/drivers.md gives for `detectWithin: 30_000`. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { planKeepAlive } from 'tcp-keepalive'
import { openLab } from '../../lab/network/lab.ts'
import { startPostgres } from '../../lab/servers/postgres.ts'
import { findTool, needTool } from '../../lab/network/tools.ts'
import { unless, withPostgres } from '../needs.ts'
import { socketsOf } from '../../lab/clients/processes.ts'

const page = readFileSync(new URL('../../docs/drivers.md', import.meta.url), 'utf8')

const noPsql = findTool('psql') ? undefined : 'psql is not installed (Debian package postgresql-client).'
const test = noPsql ? unless(noPsql) : withPostgres

test("libpq's own parameters, as on the page, are set on psql's socket", async (t) => {
  const [parameters = ''] = /^keepalives=.*$/m.exec(page) ?? []
  const lab = await openLab(t)
  const { connection, stop } = await startPostgres(lab.server)
  t.teardown(stop)
  const { host, port, user, database } = connection
  const words = `host=${host} port=${port} user=${user} dbname=${database} ${parameters}`
  const psql = lab.client.spawn(needTool('psql'), [words, '-c', 'select pg_sleep(60)'], { stdio: 'ignore' })
  t.teardown(() => psql.kill('SIGKILL'))
  const { settings } = planKeepAlive({ detectWithin: 30_000 })
  for (const patience = Date.now() + 60_000; Date.now() < patience; await sleep(50)) {
    const socket = socketsBelow(psql.pid).find(({ peerPort }) => peerPort === port)
    if (!socket) continue
    t.deepEqual(
      [socket.enabled, socket.time * 1000, socket.interval * 1000, socket.retries, socket.userTimeout],
      [1, settings.time, settings.interval, settings.retries, settings.userTimeout],
    )
    return
  }
  t.fail('psql did not connect')
})

/** The sockets of a process's descendants, because a program on a host has a parent that waits for it. */
function socketsBelow(pid: number | undefined): ReturnType<typeof socketsOf> {
  if (pid === undefined) return []
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return children.flatMap((child) => [...socketsOf(Number(child)), ...socketsBelow(Number(child))])
}
