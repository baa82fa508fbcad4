/** The database that the pools are connected to. */
import type { Lab } from '../../lab/network/lab.ts'
import { type Postgres, startPostgres } from '../../lab/servers/postgres.ts'

/** @param connections how many the pools hold */
export async function startServer(lab: Lab, connections: number): Promise<Postgres> {
  const settings = {
    // The server notices the end of old connections only after the client has: both generations are there for a while.
    max_connections: 2 * connections + 50,
    // Its own keepalive is slower than what is tested, so that the client's decides: 5 s, then 10 probes.
    tcp_keepalives_idle: 5,
    tcp_keepalives_interval: 1,
    tcp_keepalives_count: 10,
    // What it has sent it repeats 0.2, 0.6, 1.4, 3.0 and 6.2 s later, and gives up instead of at 12.6 s.
    tcp_user_timeout: 12_000,
    // Without this its shared memory outlives a machine that loses its power.
    dynamic_shared_memory_type: 'mmap',
    synchronous_commit: 'off',
  }
  return startPostgres(lab.server, { settings })
}
