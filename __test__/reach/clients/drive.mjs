// One client whose sockets no JavaScript hook sees, controlled by messages. It reports when the client got an error after its peer
// was gone.
import { createRequire } from 'node:module'
import { readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchPauses } from '../../../lab/pauses.mjs'

const require = createRequire(import.meta.url)

/** For how long a client may try to connect again. */
const PATIENCE_MS = 60_000

const clients = {
  'valkey-glide': {
    async open({ host, port }) {
      const { GlideClient } = await import('@valkey/valkey-glide')
      return GlideClient.createClient({ addresses: [{ host, port }], requestTimeout: 5000 })
    },
    use: (client) => client.ping(),
    /** Waits for an element that is never pushed. */
    wait: (client) => client.customCommand(['BLPOP', 'nothing', '0']),
  },
  'pg-native': {
    async open({ host, port }) {
      const { Pool } = require('pg').native
      return new Pool({ host, port, user: 'postgres', database: 'postgres', max: 1 }).on('error', () => {})
    },
    use: (pool) => pool.query('select 1'),
    /**
     * Blocks the thread. A non-blocking query never gets a socket error: on_io_readable() in src/connection.cc of libpq 1.11
     * ignores the status that libuv passes.
     */
    isBlocking: true,
    async wait(pool) {
      const client = await pool.connect()
      client.native.querySync('select pg_sleep(600)')
    },
  },
  zeromq: {
    async open({ host, port }) {
      const { Request } = await import('zeromq')
      const socket = new Request({ relaxed: true, correlate: true, receiveTimeout: 5000 })
      socket.connect(`tcp://${host}:${port}`)
      return socket
    },
    async use(socket) {
      await socket.send('use')
      await socket.receive()
    },
    /** It reports a lost connection only by an event, and connects again. */
    async wait(socket) {
      for await (const { type } of socket.events) if (type === 'disconnect') throw new Error(type)
    },
  },
}

export async function drive(name, { where, options }, { tell, next }) {
  const { installKeepAlive } = await import('../../../dist/index.mjs')
  installKeepAlive(options, { reach: 'process', match: where.port })
  const pausedSince = watchPauses()
  const { open, use, wait, isBlocking } = clients[name]
  const client = await open(where)
  tell('pid', Number(readlinkSync('/proc/self'))) // as the system outside counts
  for (;;) {
    const action = await next()
    if (action === 'use') {
      await persist(() => use(client))
      tell('used')
    } else {
      const since = performance.timeOrigin + performance.now()
      tell('waits')
      await sleep(100)
      wait(client).catch((error) => {
        tell('told', { message: String(error), paused: isBlocking ? 0 : pausedSince(since) })
      })
    }
  }
}

/** Answers everything. */
export async function serveZeromq({ tell }) {
  const { Reply } = await import('zeromq')
  const socket = new Reply()
  await socket.bind('tcp://0.0.0.0:5555')
  tell('ready')
  for await (const [message] of socket) await socket.send(message)
}

async function persist(use) {
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(50)) {
    try {
      return await use()
    } catch (error) {
      if (Date.now() > end) throw error
    }
  }
}
