import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CACHE } from '../cache.ts'
import { findTool } from '../network/tools.ts'
import type { ServerKind } from './server.ts'
import { serviceKind } from './service.ts'

const PORT = 4222

const MODULE = 'github.com/nats-io/nats-server/v2@v2.10.29'

/** Debian has none; Go builds the module of its makers into the cache folder. */
const FOLDER = join(CACHE, 'go')
const program = findTool('nats-server', [FOLDER])

export const nats: ServerKind = serviceKind({
  name: 'NATS',
  unavailable() {
    return program ? undefined : `The NATS server is not built (GOBIN=${FOLDER} go install ${MODULE}).`
  },
  port: PORT,
  tlsPort: PORT,
  async begin(service, host, at) {
    const settings = `
listen: "0.0.0.0:${PORT}"
allow_non_tls: true
tls { key_file: "${at('server.key')}", cert_file: "${at('server.crt')}" }
`
    await writeFile(at('nats.conf'), settings)
    await service.start(host, program ?? 'nats-server', ['-c', at('nats.conf')], { ready: 'Server is ready' })
  },
})
