/** What runs on the laboratory's client: for each client library five connections, and when it is told of their end. */
import { now, watchPauses } from '../pauses.mjs'
import { configured, examples } from './shared.mjs'

/** So long after the cut the later write comes: when a deadline of 6 s has already made the kernel probe. */
const LATER_MS = 4000

/** `setting`: the client's defaults, its own keepalive option, an install, or what `--import` has installed. */
export async function runClock({ host, ports, setting, detectWithin }, { tell, next }) {
  process.on('unhandledRejection', () => {}) // of clients that try to connect again
  if (detectWithin !== undefined) {
    const { installKeepAlive } = await import('tcp-keepalive')
    installKeepAlive({ detectWithin })
  }
  const pausedSince = watchPauses()
  let readyAt = 0
  const begin = { writing: [], later: [], connecting: [] }
  for (const [name, port] of Object.entries(ports)) {
    const { default: adapter } = await import(`./programs/${name}.mjs`)
    for (const doing of ['idle', 'waiting', 'writing', 'later', 'connecting']) {
      const lost = once((error) =>
        tell('lost', {
          name,
          doing,
          code: error?.code ?? error?.message,
          at: now(),
          pausedMs: pausedSince(readyAt),
        }),
      )
      const answer = (promise) => void Promise.resolve(promise).catch(lost)
      const connect = async () => open(adapter, { host, port, own: setting === 'own' }, lost)
      const starting = (act) => () => {
        tell('began', { name, doing, at: now() })
        answer(act())
      }
      if (doing === 'connecting') {
        // Some connect only once they have something to say.
        begin.connecting.push(starting(async () => adapter.clock.write(await connect())))
        continue
      }
      const connection = await connect()
      await adapter.clock.write(connection)
      if (doing === 'waiting') answer(adapter.clock.wait(connection))
      begin[doing]?.push(starting(() => adapter.clock.write(connection)))
    }
  }
  readyAt = now()
  tell('ready')
  await next()
  for (const start of [...begin.writing, ...begin.connecting]) start()
  setTimeout(() => begin.later.forEach((start) => start()), LATER_MS)
}

function open(client, { host, port, own }, lost) {
  const config = configured(client, { host, port, tls: false }, own ? client.clock.own : {})
  return client.clock.connect(examples(client.package), config, lost)
}

/** Only the first word counts. */
function once(tell) {
  let told = false
  return (error) => {
    if (!told) tell(error)
    told = true
  }
}
