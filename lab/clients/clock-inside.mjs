/** Runs on the laboratory's client: five connections of each client library, and the times at which they get errors. */
import { now, watchPauses } from '../pauses.mjs'
import { configured, examples, load } from './shared.mjs'

/** The time of the later write after the cut: a deadline of 6 s has already made the kernel probe. */
const LATER_MS = 4000

/** `setting`: the client's defaults, its own keepalive option, an install, or what `--import` has installed. */
export async function runClock({ host, ports, setting, detectWithin }, { tell, next }) {
  process.on('unhandledRejection', () => {}) // of clients that reconnect
  if (detectWithin !== undefined) {
    const { installKeepAlive } = await import('tcp-keepalive')
    installKeepAlive({ detectWithin })
  }
  const pausedSince = watchPauses()
  let readyAt = 0
  const begin = { writing: [], later: [], connecting: [] }
  for (const [name, port] of Object.entries(ports)) {
    const client = await load(name)
    const { write = client.use, ...clock } = client.clock
    const options = setting === 'own' ? (clock.own ?? client.own(1)) : {}
    const config = configured(client, { host, port, tls: false }, options)
    for (const doing of ['idle', 'waiting', 'writing', 'later', 'connecting']) {
      const lost = once((error) => {
        const code = error?.code ?? error?.message
        tell('lost', { name, doing, code, at: now(), pausedMs: pausedSince(readyAt) })
      })
      const answer = (promise) => void Promise.resolve(promise).catch(lost)
      const connect = async () => clock.connect(examples(client.package), config, lost)
      const starting = (act) => () => {
        tell('began', { name, doing, at: now() })
        answer(act())
      }
      if (doing === 'connecting') {
        // Some clients connect only with the first request.
        begin.connecting.push(starting(async () => write(await connect())))
        continue
      }
      const connection = await connect()
      await write(connection)
      if (doing === 'waiting') answer(clock.wait(connection))
      begin[doing]?.push(starting(() => write(connection)))
    }
  }
  readyAt = now()
  tell('ready')
  await next()
  for (const start of [...begin.writing, ...begin.connecting]) start()
  setTimeout(() => begin.later.forEach((start) => start()), LATER_MS)
}

/** Calls `tell` only for the first error. */
function once(tell) {
  let isTold = false
  return (error) => {
    if (!isTold) tell(error)
    isTold = true
  }
}
