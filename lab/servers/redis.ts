import { join } from 'node:path'

import type { Host } from '../network/host.ts'
import { makeCertificate, openService } from './service.ts'
import { findTool, needTool } from '../network/tools.ts'
import type { Server, ServerKind } from './server.ts'

const PORT = 6379
const TLS_PORT = 6380

export const redis: ServerKind = {
  name: 'Redis',
  unavailable() {
    return findTool('redis-server') ? undefined : 'Redis is not installed (Debian package redis-server).'
  },
  start,
}

async function start(host: Host): Promise<Server> {
  const service = await openService('redis')
  const { stop } = await service.begin(async () => {
    const [key, certificate] = [join(service.folder, 'server.key'), join(service.folder, 'server.crt')]
    await makeCertificate(key, certificate)
    const settings = {
      bind: '0.0.0.0',
      port: PORT,
      'tls-port': TLS_PORT,
      'tls-key-file': key,
      'tls-cert-file': certificate,
      'tls-auth-clients': 'no',
      'protected-mode': 'no',
      save: '',
      'tcp-keepalive': 0, // its own probes are not to keep a client's connection busy
    }
    const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
    await service.start(host, needTool('redis-server'), words, { ready: 'Ready to accept connections' })
  })
  return { port: PORT, tlsPort: TLS_PORT, stop }
}
