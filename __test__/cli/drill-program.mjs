// A program with three connections, for a drill: two that query all the time, and one that is idle. For each line on standard input
// it prints how many answers it has received.
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'

const require = createRequire(new URL('../../examples/package.json', import.meta.url))
const { Redis } = require('ioredis')
const pg = require('pg')

const [host, redisPort] = process.argv.slice(2)
const connection = { host, port: 5432, user: 'postgres', database: 'postgres' }
const answered = { pg: 0, redis: 0, idle: 0 }

const pool = new pg.Pool({ ...connection, max: 1 })
pool.on('error', () => {})
const redis = new Redis(Number(redisPort), host)
redis.on('error', () => {})

async function idle() {
  const client = new pg.Client({ ...connection, keepAlive: true })
  client.on('error', () => void idle())
  await client.connect()
  answered.idle += 1
}

async function ask(name, once) {
  for (;;) {
    await once().then(
      () => (answered[name] += 1),
      () => {},
    )
    await sleep(200)
  }
}

await idle()
void ask('pg', () => pool.query('select 1'))
void ask('redis', () => redis.ping())
process.stdin.on('data', () => process.stdout.write(`${JSON.stringify(answered)}\n`))
