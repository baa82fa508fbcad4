/** Runs on the laboratory's client: each client sends one request after the other during a failover by DNS. */
import { setTimeout as sleep } from 'node:timers/promises'
import { now, watchPauses } from '../pauses.mjs'
import { CLIENTS } from './clients.mjs'

/** `where`: the server's name, its second address and its ports. */
export async function runFailover({ options, ...where }, { tell, next }) {
  process.on('unhandledRejection', () => {}) // of clients that reconnect
  process.on('uncaughtException', (error) => tell('uncaught', String(error?.stack)))
  if (options) {
    const { installKeepAlive } = await import('tcp-keepalive')
    installKeepAlive(options)
  }
  const pausedSince = watchPauses()
  let diedAt = Number.POSITIVE_INFINITY
  // First load all libraries: on a busy machine that takes longer than a short connect timeout.
  const opened = await Promise.all(
    Object.entries(CLIENTS).map(async ([name, { open }]) => ({ name, ask: await open(where) })),
  )
  const askOn = async (name, ask) => {
    for (;;) {
      const askedAt = now()
      try {
        await ask()
        if (askedAt >= diedAt) return tell('answered', { name, at: now(), pausedMs: pausedSince(diedAt) })
      } catch {}
      await sleep(100)
    }
  }
  await Promise.all(opened.map(({ ask }) => ask()))
  for (const { name, ask } of opened) void askOn(name, ask)
  tell('ready')
  await next()
  diedAt = now()
}
