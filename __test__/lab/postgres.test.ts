import { openLab } from './lab.ts'
import { startPostgres } from './postgres.ts'
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
