/** When the database falls silent, do my pools answer again within 30 s? For node:test: `node --test`. Linux. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import Redis from 'ioredis'
import pg from 'pg'
import { installKeepAlive } from 'tcp-keepalive'
import { cutOff } from 'tcp-keepalive/drill'

const WITHIN = 30_000

installKeepAlive({ detectWithin: WITHIN }) // leave this line out, and see the tests fail

/** The time until `ask` succeeds, in ms. */
async function untilAnswered(ask) {
  const start = Date.now()
  while (
    !(await ask().then(
      () => true,
      () => false,
    ))
  );
  return Date.now() - start
}

test('when PostgreSQL falls silent, my pool answers again within 30 s', { timeout: 2 * WITHIN }, async () => {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
  const sockets = []
  pool.on('connect', (client) => sockets.push(client.connection.stream))
  pool.on('error', () => {})
  await pool.query('select 1')
  const drills = sockets.map((socket) => cutOff(socket))
  assert.ok((await untilAnswered(() => pool.query('select 1'))) <= WITHIN)
  for (const drill of drills) drill.restore()
  await pool.end()
})

test('when Redis falls silent, my client answers again within 30 s', { timeout: 2 * WITHIN }, async () => {
  const redis = new Redis(process.env.REDIS_URL)
  redis.on('error', () => {})
  await redis.ping()
  const drill = cutOff(redis.stream)
  assert.ok((await untilAnswered(() => redis.ping())) <= WITHIN)
  drill.restore()
  redis.disconnect()
})
