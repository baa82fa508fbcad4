import type { Host } from '../lab/host.ts'
import { postgresNotInstalled, startPostgres } from '../lab/postgres.ts'
import type { Server, ServerKind } from './server.ts'

export const postgres: ServerKind = {
  name: 'PostgreSQL',
  unavailable: postgresNotInstalled,
  start,
}

async function start(host: Host): Promise<Server> {
  const { connection, stop } = await startPostgres(host, { tls: true })
  return { port: connection.port, tlsPort: connection.port, stop }
}
