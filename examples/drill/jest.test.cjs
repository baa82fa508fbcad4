/** When the database falls silent, do my pools answer again within 30 s? For jest. Linux. */
const Redis = require('ioredis')
const pg = require('pg')
const { installKeepAlive } = require('tcp-keepalive')
const { cutOff } = require('tcp-keepalive/drill')

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

test(
  'when PostgreSQL falls silent, my pool answers again within 30 s',
  async () => {
    const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
    const sockets = []
    pool.on('connect', (client) => sockets.push(client.connection.stream))
    pool.on('error', () => {})
    await pool.query('select 1')
    const drills = sockets.map((socket) => cutOff(socket))
    expect(await untilAnswered(() => pool.query('select 1'))).toBeLessThanOrEqual(WITHIN)
    for (const drill of drills) drill.restore()
    await pool.end()
  },
  2 * WITHIN,
)

test(
  'when Redis falls silent, my client answers again within 30 s',
  async () => {
    const redis = new Redis(process.env.REDIS_URL)
    redis.on('error', () => {})
    await redis.ping()
    const drill = cutOff(redis.stream)
    expect(await untilAnswered(() => redis.ping())).toBeLessThanOrEqual(WITHIN)
    drill.restore()
    redis.disconnect()
  },
  2 * WITHIN,
)
