// An ES module that logs through a transport of pino's, which runs in a worker thread. The transport says whether it is covered.
import { createRequire } from 'node:module'

const pino = createRequire(new URL('../../examples/package.json', import.meta.url))('pino')
const transport = pino.transport({ target: new URL('pino-transport.mjs', import.meta.url).href })
pino(transport).info('hello')
// Until the transport has ended, which it does by itself.
const alive = setInterval(() => {}, 1000)
transport.on('close', () => clearInterval(alive))
transport.on('error', () => clearInterval(alive))
