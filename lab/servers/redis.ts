import { findTool, needTool } from '../network/tools.ts'
import type { ServerKind } from './server.ts'
import { serviceKind } from './service.ts'

const [PORT, TLS_PORT] = [6379, 6380]

export const redis: ServerKind = serviceKind({
  name: 'Redis',
  unavailable() {
    return findTool('redis-server') ? undefined : 'Redis is not installed (Debian package redis-server).'
  },
  port: PORT,
  tlsPort: TLS_PORT,
  async begin(service, host, at) {
    const settings = {
      bind: '0.0.0.0',
      port: PORT,
      'tls-port': TLS_PORT,
      'tls-key-file': at('server.key'),
      'tls-cert-file': at('server.crt'),
      'tls-auth-clients': 'no',
      'protected-mode': 'no',
      save: '',
      'tcp-keepalive': 0, // its own probes are not to keep a client's connection busy
    }
    const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
    await service.start(host, needTool('redis-server'), words, { ready: 'Ready to accept connections' })
  },
})
