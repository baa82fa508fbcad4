/**
 * TypeORM: it makes the driver's pool itself, so that the whole process is the way, here with pg beneath.
 * It needs no 'error' listener.
 */
import { installKeepAlive } from 'tcp-keepalive'
import { DataSource } from 'typeorm'

export function connect({ user, ...config }) {
  installKeepAlive({ detectWithin: 30_000 }, { match: config.port })
  return new DataSource({ type: 'postgres', username: user, ...config })
}
