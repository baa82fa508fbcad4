/** Runs in a process of its own: one client, driven by messages. Plain JavaScript, for every Node. */
import { readlinkSync } from 'node:fs'
import { close, configured, examples, load, onConnect, openExample, persist } from './shared.mjs'

const silent = (emitter) => emitter.on('error', () => {})

export async function drive(name, { tell, next }) {
  const adapter = await load(name)
  const driver = adapter.package && examples(adapter.package)
  process.on('unhandledRejection', () => {}) // of a client that is closed while it connects
  tell('pid', Number(readlinkSync('/proc/self'))) // its number in the outer system
  let client
  let undo = () => {}
  const actions = {
    async open({ where, own, how, values }) {
      undo = (await manners[how]?.(values)) ?? (() => {})
      const config = configured(adapter, where, own ? adapter.own(45) : {})
      client =
        how === 'example'
          ? await openExample(name, adapter, config)
          : adapter.open(driver, config, silent, examples)
    },
    use: () => persist(() => adapter.use(client)),
    /** A query that gets no answer. */
    async begin() {
      Promise.resolve(adapter.use(client)).catch(() => {})
    },
    async close() {
      await close(adapter, client)
      undo()
    },
  }
  for (;;) {
    const { action, ...args } = await next()
    try {
      await actions[action](args)
      tell('done')
    } catch (error) {
      tell('done', String(error?.stack ?? error))
    }
  }
}

/** How the client's sockets get values. Each returns a function that ends it. */
const manners = {
  async install(values) {
    const { installKeepAlive } = await import('tcp-keepalive')
    const install = installKeepAlive(values)
    return () => install.uninstall()
  },
  async 'at connect'(values) {
    const { setKeepAlive } = await import('tcp-keepalive')
    return onConnect((socket) => setKeepAlive(socket, values))
  },
}
