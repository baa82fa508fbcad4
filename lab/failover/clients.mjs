/** The clients of the failover, with their own connect timeouts and without any. Plain JavaScript, as Node starts it on a host. */
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

const examples = createRequire(new URL('../../examples/package.json', import.meta.url))
const same = (bytes) => bytes
const silent = (emitter) => emitter.on('error', () => {})

/**
 * `backoffMs`: how long the client itself may wait before it tries the new address, at most, `movedMs` after the old one
 * has died. `open` gives a function that asks once; a worker's tells by itself.
 */
export const CLIENTS = {
  'pg, no connect timeout': pgPool({}),
  'pg, connectionTimeoutMillis 2000': pgPool({ connectionTimeoutMillis: 2000 }),
  'mysql2, no connect timeout': mysqlPool({ connectTimeout: 0 }),
  'mysql2, its default of 10 s': mysqlPool({}),
  'ioredis, no connect timeout': ioredis({ connectTimeout: 0 }),
  'ioredis, its default of 10 s': ioredis({}),
  'redis, no connect timeout': redis({ connectTimeout: 0 }),
  'redis, its default of 5 s': redis({}),
  'BullMQ worker, no connect timeout': worker({ connectTimeout: 0 }),
  'BullMQ worker, its default of 10 s': worker({}),
  'gRPC, resolves again each 30 s at most': grpc({}, 30_000),
  'gRPC, dns_min_time_between_resolutions_ms 1000': grpc(
    { 'grpc.dns_min_time_between_resolutions_ms': 1000 },
    0,
  ),
}

function pgPool(options) {
  const open = ({ name, postgres }) => {
    const { Pool } = examples('pg')
    const pool = silent(new Pool({ ...postgres, host: name, max: 1, ...options }))
    pool.on('connect', silent)
    return () => pool.query('select 1')
  }
  return { backoffMs: () => 0, open }
}

function mysqlPool(options) {
  const open = ({ name, ports }) => {
    const { createPool } = examples('mysql2/promise')
    const where = { host: name, port: ports.mariadb, user: 'test', database: 'test' }
    const pool = createPool({ ...where, connectionLimit: 1, ...options })
    return () => pool.query('select 1')
  }
  return { backoffMs: () => 0, open }
}

function ioredis(options) {
  const open = ({ name, ports }) => {
    const { Redis } = examples('ioredis')
    const client = silent(new Redis({ host: name, port: ports.redis, ...options }))
    return () => client.ping()
  }
  return { backoffMs: () => 2000, open } // min(50 ms × attempts, 2 s)
}

function redis(options) {
  const open = async ({ name, ports }) => {
    const { createClient } = examples('redis')
    const client = silent(createClient({ socket: { host: name, port: ports.redis, ...options } }))
    await client.connect()
    return () => client.ping()
  }
  return { backoffMs: () => 2200, open } // min(50 ms × 2^attempts, 2 s), and up to 0.2 s of jitter
}

function worker(options) {
  const open = async ({ name, host2, ports }) => {
    const { Queue, Worker } = examples('bullmq')
    const queueName = `jobs-${process.pid}-${Object.values(options).join()}` // of no other program here
    const queue = silent(new Queue(queueName, { connection: { host: host2, port: ports.redis } }))
    let done = () => {}
    const connection = { host: name, port: ports.redis, maxRetriesPerRequest: null, ...options }
    silent(new Worker(queueName, async ({ data }) => done(data), { connection }))
    // Asked is: a job that is added now is done.
    return async () => {
      const asked = Math.random()
      const isDone = new Promise((resolve) => (done = (data) => data === asked && resolve()))
      await queue.add('job', asked)
      await isDone
    }
  }
  // exp(attempts) s, 1 to 20 s. A job that was begun on the dead connection is begun anew once its lock of 30 s has
  // expired and the check each 30 s has seen it.
  return { backoffMs: (movedMs) => (movedMs > 10_000 ? 20_000 : 3000), open }
}

function grpc(options, resolvesAfterMs) {
  const open = ({ name, ports }) => {
    const { Client, credentials } = examples('@grpc/grpc-js')
    const client = new Client(`${name}:${ports.http2}`, credentials.createInsecure(), options)
    const call = promisify(client.makeUnaryRequest.bind(client))
    return () => call('/test.Test/Ask', same, same, Buffer.alloc(0))
  }
  // 1 s × 1.6^attempts with a fifth of jitter, and the time between two resolutions of a name.
  const backoffMs = (movedMs) => resolvesAfterMs + (movedMs > 10_000 ? 12_000 : 3000)
  return { backoffMs, open }
}
