import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { CACHE } from '../cache.ts'
import type { Host } from '../network/host.ts'
import { makeCertificate, openService } from './service.ts'
import { findTool } from '../network/tools.ts'
import type { Server, ServerKind } from './server.ts'

const PORT = 4222

const MODULE = 'github.com/nats-io/nats-server/v2@v2.10.29'

/** Debian has none; Go builds the module of its makers into the cache folder. */
const FOLDER = join(CACHE, 'go')
const program = findTool('nats-server', [FOLDER])

export const nats: ServerKind = {
  name: 'NATS',
  unavailable() {
    return program ? undefined : `The NATS server is not built (GOBIN=${FOLDER} go install ${MODULE}).`
  },
  start,
}

async function start(host: Host): Promise<Server> {
  const service = await openService('nats')
  const { stop } = await service.begin(async () => {
    const [key, certificate] = [join(service.folder, 'server.key'), join(service.folder, 'server.crt')]
    await makeCertificate(key, certificate)
    const settings = `
listen: "0.0.0.0:${PORT}"
allow_non_tls: true
tls { key_file: "${key}", cert_file: "${certificate}" }
`
    const file = join(service.folder, 'nats.conf')
    await writeFile(file, settings)
    await service.start(host, program ?? 'nats-server', ['-c', file], { ready: 'Server is ready' })
  })
  return { port: PORT, tlsPort: PORT, stop }
}
