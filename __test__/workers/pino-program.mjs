// An ES module that logs through a pino transport, which runs in a worker thread. The transport reports whether it is covered.
import { createRequire } from 'node:module'

const pino = createRequire(new URL('../../examples/package.json', import.meta.url))('pino')
const transport = pino.transport({ target: new URL('pino-transport.mjs', import.meta.url).href })
pino(transport).info('hello')
// Waits until the transport has ended, which it does by itself.
const alive = setInterval(() => {}, 1000)
transport.on('close', () => clearInterval(alive))
transport.on('error', () => clearInterval(alive))
