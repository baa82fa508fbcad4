/** What the programs share that run the clients of programs/. */
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'

/** Loads a client library. */
export const examples = createRequire(new URL('../../examples/package.json', import.meta.url))

/** For how long a client may try to connect again; the slowest waits a second before it does. */
const PATIENCE_MS = 60_000

/** What a client is opened with; its options are added where its own `config` leaves them out. */
export function configured({ config }, where, options = {}) {
  const made = config(where, options)
  return config.length === 1 && typeof made === 'object' ? { ...made, ...options } : made
}

/** Opens a client of programs/ at its server's port, by `ports`. Gives a function that asks the server once. */
export async function openProgram(file, { ports, ...where }, options, listen) {
  const { default: client } = await import(`./programs/${file}.mjs`)
  const library = client.package && examples(client.package)
  const at = { ...where, port: ports[client.server ?? 'recording'] }
  const opened = client.open(library, configured(client, at, options), listen, examples)
  return () => client.use(opened)
}

/** The client as its file in examples/ makes it. */
export async function openExample(file, { fromExample }, config) {
  const { connect } = await import(new URL(`../../examples/${file}.mjs`, import.meta.url))
  return fromExample ? fromExample(connect, config) : connect(config)
}

/** Closes a client that may be connecting again, and may never come to its end. */
export async function close(adapter, client) {
  await Promise.race([Promise.resolve(adapter.close(client)).catch(() => {}), sleep(500)])
}

/** Asks until there is an answer. */
export async function persist(use) {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      return await use()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(50)
    }
  }
}
