import { openLab } from '../../lab/network/lab.ts'
import { startPostgres } from '../../lab/servers/postgres.ts'
import { withPostgres } from '../needs.ts'

for (const tls of [false, true]) {
  withPostgres(`the client queries a PostgreSQL on the server ${tls ? 'with' : 'without'} TLS`, async (t) => {
    const lab = await openLab(t)
    const postgres = await startPostgres(lab.server, { tls })
    t.teardown(postgres.stop)
    const rows = await lab.client.run(
      async ({ connection, encrypted }) => {
        const { default: pg } = await import('pg')
        const ssl = encrypted && { rejectUnauthorized: false }
        const client = new pg.Client({ ...connection, ssl })
        await client.connect()
        const answer = await client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
        await client.end()
        return answer.rows as unknown[]
      },
      { connection: postgres.connection, encrypted: tls },
    )
    t.deepEqual(rows, [{ ssl: tls }])
  })
}

withPostgres(
  'a PostgreSQL has the given settings, and keeps its data over a restart of its machine',
  async (t) => {
    const lab = await openLab(t)
    const postgres = await startPostgres(lab.server, { settings: { max_connections: 57 } })
    t.teardown(postgres.stop)
    const ask = (text: string): Promise<unknown> =>
      lab.client.run(
        async ({ connection, text }) => {
          const { default: pg } = await import('pg')
          const client = new pg.Client(connection)
          await client.connect()
          const { rows } = await client.query(text)
          await client.end()
          return rows as unknown
        },
        { connection: postgres.connection, text },
      )
    t.deepEqual(await ask('show max_connections'), [{ max_connections: '57' }])
    await ask('create table kept as select 7 as number')
    await lab.reboot()
    await t.throwsAsync(ask('select 1'), { code: 'ECONNREFUSED' })
    await postgres.startAgain()
    t.deepEqual(await ask('select number from kept'), [{ number: 7 }])
  },
)
