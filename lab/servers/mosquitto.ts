import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Host } from '../network/host.ts'
import { makeCertificate, openService } from './service.ts'
import { findTool, needTool } from '../network/tools.ts'
import type { Server, ServerKind } from './server.ts'

const PORT = 1883
const TLS_PORT = 8883

export const mosquitto: ServerKind = {
  name: 'Mosquitto',
  unavailable() {
    return findTool('mosquitto') ? undefined : 'Mosquitto is not installed (Debian package mosquitto).'
  },
  start,
}

async function start(host: Host): Promise<Server> {
  const service = await openService('mosquitto')
  const { stop } = await service.begin(async () => {
    const [key, certificate] = [join(service.folder, 'server.key'), join(service.folder, 'server.crt')]
    await makeCertificate(key, certificate)
    const settings = `
allow_anonymous true
listener ${PORT} 0.0.0.0
listener ${TLS_PORT} 0.0.0.0
keyfile ${key}
certfile ${certificate}
`
    const file = join(service.folder, 'mosquitto.conf')
    await writeFile(file, settings)
    await service.start(host, needTool('mosquitto'), ['-c', file], { ready: 'running' })
  })
  return { port: PORT, tlsPort: TLS_PORT, stop }
}
