/** Drizzle: it takes the driver's pool, here the one of pg.mjs, which has the 'error' listeners for queries and transactions. */
import { drizzle } from 'drizzle-orm/node-postgres'
import { connect as connectPool } from './pg.mjs'

export function connect(config) {
  return drizzle(connectPool(config))
}
