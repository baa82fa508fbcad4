import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { ServerKind } from './server.ts'
import { serviceKind } from './service.ts'

const [PORT, TLS_PORT] = [5672, 5671]

/** The one in the PATH, a wrapper of Debian's, insists on being root or rabbitmq. */
const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server'

export const rabbitmq: ServerKind = serviceKind({
  name: 'RabbitMQ',
  unavailable() {
    return existsSync(PROGRAM) ? undefined : 'RabbitMQ is not installed (Debian package rabbitmq-server).'
  },
  port: PORT,
  tlsPort: TLS_PORT,
  async begin(service, host, at) {
    const settings = `
listeners.tcp.default = 0.0.0.0:${PORT}
listeners.ssl.default = 0.0.0.0:${TLS_PORT}
ssl_options.keyfile = ${at('server.key')}
ssl_options.certfile = ${at('server.crt')}
loopback_users = none
# the other ways look its process up in /proc, which on a host numbers processes as they are counted outside
vm_memory_calculation_strategy = allocated
`
    await writeFile(at('rabbitmq.conf'), settings)
    await writeFile(at('enabled_plugins'), '[].\n')
    const env = {
      RABBITMQ_NODENAME: 'rabbit@localhost',
      RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: at('none'),
      RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
      RABBITMQ_GENERATED_CONFIG_DIR: at('generated'),
      RABBITMQ_LOG_BASE: at('log'),
      RABBITMQ_MNESIA_BASE: at('mnesia'),
      RABBITMQ_PID_FILE: at('pid'),
      // Erlang asks the resolver for its own host's name, and would listen on all addresses.
      ERL_EPMD_ADDRESS: '127.0.0.1',
    }
    await service.start(host, PROGRAM, [], { ready: 'completed with', env })
  },
})
