/** What runs on the laboratory's client: each client asks, one question after the other, through a failover by DNS. */
import { setTimeout as sleep } from 'node:timers/promises'
import { now, watchPauses } from '../pauses.mjs'
import { CLIENTS } from './clients.mjs'

/** `where`: the server's name, its second address and its ports. */
export async function runFailover({ options, ...where }, { tell, next }) {
  process.on('unhandledRejection', () => {}) // of clients that try to connect again
  process.on('uncaughtException', (error) => tell('uncaught', String(error?.stack)))
  if (options) {
    const { installKeepAlive } = await import('tcp-keepalive')
    installKeepAlive(options)
  }
  const pausedSince = watchPauses()
  let diedAt = Number.POSITIVE_INFINITY
  // All libraries are loaded before the first connects, which takes longer than a short connect timeout on a busy machine.
  const opened = await Promise.all(
    Object.entries(CLIENTS).map(async ([name, { open }]) => ({ name, ask: await open(where) })),
  )
  await Promise.all(
    opened.map(async ({ name, ask }) => {
      await ask()
      const goOn = async () => {
        for (;;) {
          const askedAt = now()
          try {
            await ask()
            if (askedAt >= diedAt) return tell('answered', { name, at: now(), pausedMs: pausedSince(diedAt) })
          } catch {}
          await sleep(100)
        }
      }
      void goOn()
    }),
  )
  tell('ready')
  await next()
  diedAt = now()
}
