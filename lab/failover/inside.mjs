/** What runs on the laboratory's client: each client asks, one question after the other, through a failover by DNS. */
import dns from 'node:dns'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchPauses } from '../pauses.mjs'
import { CLIENTS } from './clients.mjs'

const now = () => performance.timeOrigin + performance.now()
const NAME = 'server.test'

/** `addresses`: what NAME leads to before the failover and after it. */
export async function runFailover({ addresses, options, ...where }, { tell, next }) {
  process.on('unhandledRejection', () => {}) // of clients that try to connect again
  process.on('uncaughtException', (error) => tell('uncaught', String(error?.stack)))
  let [address] = addresses
  answerFrom(() => address)
  if (options) {
    const { installKeepAlive } = await import('tcp-keepalive')
    installKeepAlive(options)
  }
  const pausedSince = watchPauses()
  let diedAt = Number.POSITIVE_INFINITY
  const given = { ...where, name: NAME, host2: addresses[1] }
  // All libraries are loaded before the first connects, which takes longer than a short connect timeout on a busy machine.
  const opened = await Promise.all(
    Object.entries(CLIENTS).map(async ([name, { open }]) => ({ name, ask: await open(given) })),
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
  await next()
  ;[, address] = addresses
}

/** The resolver of this process, as the system's is not to be changed for one network namespace alone. */
function answerFrom(current) {
  const { lookup } = dns
  const { lookup: lookupPromised } = dns.promises
  const found = (options) =>
    options?.all ? [{ address: current(), family: 4 }] : { address: current(), family: 4 }
  dns.lookup = (name, options, done = options) => {
    if (name !== NAME) return lookup(name, options, done)
    process.nextTick(() => {
      const one = found(options)
      if (Array.isArray(one)) done(null, one)
      else done(null, one.address, one.family)
    })
  }
  dns.promises.lookup = async (name, options) =>
    name === NAME ? found(options) : lookupPromised(name, options)
}
