/** What runs on the laboratory's client: for each client library three connections, and when it is told of their end. */
import { createRequire } from 'node:module'
import { watchPauses } from '../pauses.mjs'

const examples = createRequire(new URL('../../examples/package.json', import.meta.url))
const now = () => performance.timeOrigin + performance.now()

/** `setting`: the client's defaults, its own keepalive option, or an install. */
export async function runClock({ host, ports, setting, values }, { tell, next }) {
  process.on('unhandledRejection', () => {}) // of clients that try to connect again
  if (setting === 'ours') {
    const { installKeepAlive } = await import('tcp-keepalive')
    installKeepAlive(values)
  }
  const pausedSince = watchPauses()
  let readyAt = 0
  const writers = []
  for (const [name, port] of Object.entries(ports)) {
    const { default: adapter } = await import(`./programs/${name}.mjs`)
    for (const doing of ['idle', 'waiting', 'writing']) {
      const lost = once((error) =>
        tell('lost', {
          name,
          doing,
          code: error?.code ?? error?.message,
          at: now(),
          pausedMs: pausedSince(readyAt),
        }),
      )
      const connection = await open(adapter, { host, port, own: setting === 'own' }, lost)
      await adapter.clock.write(connection)
      const answer = (promise) => Promise.resolve(promise).catch(lost)
      if (doing === 'waiting') answer(adapter.clock.wait(connection))
      if (doing === 'writing') {
        writers.push(() => {
          tell('wrote', { name, at: now() })
          answer(adapter.clock.write(connection))
        })
      }
    }
  }
  readyAt = now()
  tell('ready')
  await next()
  for (const write of writers) write()
}

function open({ package: name, config, clock }, { host, port, own }, lost) {
  const options = own ? clock.own : {}
  const configured = config({ host, port, tls: false }, options)
  const flat = config.length === 1 ? { ...configured, ...options } : configured
  return clock.connect(examples(name), flat, lost)
}

/** Only the first word counts. */
function once(tell) {
  let told = false
  return (error) => {
    if (!told) tell(error)
    told = true
  }
}
