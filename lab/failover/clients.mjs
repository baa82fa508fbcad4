/** The clients of the failover, with and without connect timeouts of their own. Plain JavaScript, because Node starts it on a host. */
import { examples, openProgram } from '../clients/shared.mjs'

const silent = (emitter) => emitter.on('error', () => {})

/**
 * `backoffMs`: the longest wait of the client itself before it tries the new address, `movedMs` after the death of the old one.
 * `open` resolves with a function that sends one request.
 */
export const CLIENTS = {
  'pg, no connect timeout': program('pg', {}, 0),
  'pg, connectionTimeoutMillis 2000': program('pg', { connectionTimeoutMillis: 2000 }, 0),
  'mysql2, no connect timeout': program('mysql2', { connectTimeout: 0 }, 0),
  'mysql2, its default of 10 s': program('mysql2', {}, 0),
  // min(50 ms × attempts, 2 s)
  'ioredis, no connect timeout': program('ioredis', { connectTimeout: 0 }, 2000),
  'ioredis, its default of 10 s': program('ioredis', {}, 2000),
  // min(50 ms × 2^attempts, 2 s), and up to 0.2 s of jitter
  'redis, no connect timeout': program('redis', { connectTimeout: 0 }, 2200),
  'redis, its default of 5 s': program('redis', {}, 2200),
  'BullMQ worker, no connect timeout': worker({ connectTimeout: 0 }),
  'BullMQ worker, its default of 10 s': worker({}),
  'gRPC, resolves again each 30 s at most': grpc({}, 30_000),
  'gRPC, dns_min_time_between_resolutions_ms 1000': grpc(
    { 'grpc.dns_min_time_between_resolutions_ms': 1000 },
    0,
  ),
}

/** A client of the matrix with options of its own. */
function program(file, options, backoffMs) {
  const open = ({ name, ports }) => openProgram(file, { host: name, ports, tls: false }, options, silent)
  return { backoffMs: typeof backoffMs === 'number' ? () => backoffMs : backoffMs, open }
}

function worker(options) {
  const open = async ({ name, host2, ports }) => {
    const { Queue, Worker } = examples('bullmq')
    const queueName = `jobs-${process.pid}-${Object.values(options).join()}` // unique
    const queue = silent(new Queue(queueName, { connection: { host: host2, port: ports.redis } }))
    let done = () => {}
    const connection = { host: name, port: ports.redis, maxRetriesPerRequest: null, ...options }
    silent(new Worker(queueName, async ({ data }) => done(data), { connection }))
    // Its request is a new job, and the answer is that the job is done.
    return async () => {
      const asked = Math.random()
      const isDone = new Promise((resolve) => (done = (data) => data === asked && resolve()))
      await queue.add('job', asked)
      await isDone
    }
  }
  // exp(attempts) s, 1 to 20 s. A job that began on the dead connection begins again after its lock of 30 s has expired and
  // the check each 30 s has found it.
  return { backoffMs: (movedMs) => (movedMs > 10_000 ? 20_000 : 3000), open }
}

function grpc(options, resolvesAfterMs) {
  // 1 s × 1.6^attempts with a fifth of jitter, and the time between two resolutions of a name.
  const backoffMs = (movedMs) => resolvesAfterMs + (movedMs > 10_000 ? 12_000 : 3000)
  return program('grpc-js', { 'grpc.initial_reconnect_backoff_ms': 1000, ...options }, backoffMs)
}
