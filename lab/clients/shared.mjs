/** What the programs that run the clients of programs/ have in common. */
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export const examples = createRequire(new URL('../../examples/package.json', import.meta.url))

/** How long a client may try to reconnect; the slowest waits a second before each attempt. */
const PATIENCE_MS = 60_000

/** A client of programs/, with the defaults for what its file leaves out. */
export async function load(name) {
  const { default: client } = await import(`./programs/${name}.mjs`)
  return { package: name, tls: !client.over, way: 'none', overwrites: 'never', ...client }
}

/** What a client is opened with. The options are added if its own `config` does not take them. */
export function configured({ config }, where, options = {}) {
  const made = config(where, options)
  return config.length === 1 && typeof made === 'object' ? { ...made, ...options } : made
}

/** Opens a client with a port of `ports`, by the name of its server. Returns a function that asks the server once. */
export async function openProgram(name, { ports, ...where }, options, listen) {
  const client = await load(name)
  const library = client.package && examples(client.package)
  const at = { ...where, port: ports[client.server ?? 'recording'] }
  const opened = client.open(library, configured(client, at, options), listen, examples)
  return () => client.use(opened)
}

export async function openExample(file, { fromExample }, config) {
  const { connect } = await import(new URL(`../../examples/${file}.mjs`, import.meta.url))
  return fromExample ? fromExample(connect, config) : connect(config)
}

/** Calls a function with each socket that connects, before any other listener. Returns a function that ends this. */
export function onConnect(listener) {
  const { connect } = Socket.prototype
  Socket.prototype.connect = function (...args) {
    this.prependOnceListener('connect', () => listener(this))
    return Reflect.apply(connect, this, args)
  }
  return () => (Socket.prototype.connect = connect)
}

/** Closes a client. One that is reconnecting may never finish closing. */
export async function close(adapter, client) {
  await Promise.race([Promise.resolve(adapter.close(client)).catch(() => {}), sleep(500)])
}

/** Repeats `use` until it succeeds. */
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
