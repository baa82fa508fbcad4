/** Clients of Redis. case.ts describes the fields. */

const at = ({ host, ports }) => ({ host, port: ports.redis })

let queues = 0
const queueName = () => `listeners-${process.pid}-${queues++}`

const ETIMEDOUT = 'ETIMEDOUT read ETIMEDOUT'

export default {
  'ioredis: `new Redis()`': {
    program: 'ioredis',
    options: { maxRetriesPerRequest: null },
    emits: ['idle', 'asked'],
  },
  'redis: `createClient()`': {
    program: 'redis',
    listener: "`client.on('error', …)`",
    emits: ['idle', 'asked'],
    rejects: ETIMEDOUT,
  },
  'redis: `createClientPool()`': {
    package: 'redis',
    listener: "`pool.on('error', …)`",
    emits: ['idle', 'asked'],
    rejects: ETIMEDOUT,
    async open({ createClientPool }, where, listen) {
      const pool = listen(createClientPool({ socket: at(where) }))
      await pool.connect()
      return () => pool.ping()
    },
  },
  'bullmq: `new Queue()`': {
    package: 'bullmq',
    emits: ['idle', 'asked'],
    open({ Queue }, where, listen) {
      const queue = listen(new Queue(queueName(), { connection: at(where) }))
      return () => queue.getJobCounts()
    },
  },
  'bullmq: `new Worker()`': {
    package: 'bullmq',
    emits: ['idle', 'asked'],
    async open({ Worker }, where, listen) {
      const connection = { ...at(where), maxRetriesPerRequest: null }
      // By default it reconnects if it gets no job for some seconds.
      const drainDelay = 600
      const worker = listen(new Worker(queueName(), async () => {}, { connection, drainDelay }))
      await worker.waitUntilReady()
      return async () => (await worker.client).ping()
    },
  },
}
