import { writeFile } from 'node:fs/promises'
import { findTool, needTool } from '../network/tools.ts'
import type { ServerKind } from './server.ts'
import { serviceKind } from './service.ts'

const [PORT, TLS_PORT] = [1883, 8883]

export const mosquitto: ServerKind = serviceKind({
  name: 'Mosquitto',
  unavailable() {
    return findTool('mosquitto') ? undefined : 'Mosquitto is not installed (Debian package mosquitto).'
  },
  port: PORT,
  tlsPort: TLS_PORT,
  async begin(service, host, at) {
    const settings = `
allow_anonymous true
listener ${PORT} 0.0.0.0
listener ${TLS_PORT} 0.0.0.0
keyfile ${at('server.key')}
certfile ${at('server.crt')}
`
    await writeFile(at('mosquitto.conf'), settings)
    await service.start(host, needTool('mosquitto'), ['-c', at('mosquitto.conf')], { ready: 'running' })
  },
})
