/** The servers that are programs of their own, each with its settings; PostgreSQL has its own file. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CACHE } from '../cache.ts'
import type { Host } from '../network/host.ts'
import { findTool, needTool } from '../network/tools.ts'
import { finish, openService, putCertificate, type Server, type ServerKind } from './service.ts'

interface Described extends Pick<ServerKind, 'name'>, Pick<Server, 'port' | 'tlsPort'> {
  /** The program's path; undefined if it is not there. */
  readonly program: string | undefined
  /** How to get the program. */
  readonly missing: string
  /** What it prints when it accepts connections. */
  readonly ready: RegExp
  /** Writes its settings. `at` gives the path of a file in its folder, which has `server.key` and `server.crt`. */
  prepare(
    at: (file?: string) => string,
    host: Host,
  ): Promise<{ readonly args: readonly string[]; readonly env?: NodeJS.ProcessEnv }>
}

function serverKind({ name, program, missing, port, tlsPort, ready, prepare }: Described): ServerKind {
  return {
    name,
    unavailable: () => (program === undefined ? `${name} is not installed (${missing}).` : undefined),
    async start(host) {
      const { stop } = await openService(host, name, async (service) => {
        await putCertificate(service.at)
        const { args, env } = await prepare(service.at, host)
        await service.start(program ?? name, args, ready, env)
      })
      return { port, tlsPort, stop }
    },
  }
}

/** A MariaDB with a user `test` without a password. */
export const mariadb: ServerKind = serverKind({
  name: 'MariaDB',
  program: findTool('mariadb-install-db') && findTool('mariadbd'),
  missing: 'Debian package mariadb-server',
  port: 3306,
  tlsPort: 3306,
  ready: /ready for connections/,
  async prepare(at, host) {
    // The names of its temporary files contain its process number, which a process on another host may have too.
    const folders = ['--no-defaults', `--datadir=${at('data')}`, `--tmpdir=${at()}`]
    const install = [...folders, '--skip-test-db', '--auth-root-authentication-method=normal']
    await finish(host, needTool('mariadb-install-db'), install)
    const sql = 'CREATE DATABASE test;\nCREATE USER test;\nGRANT ALL ON *.* TO test;\n'
    await writeFile(at('init.sql'), sql)
    const settings = {
      socket: at('socket'),
      'pid-file': at('pid'),
      'init-file': at('init.sql'),
      'ssl-cert': at('server.crt'),
      'ssl-key': at('server.key'),
      'bind-address': '0.0.0.0',
      'skip-name-resolve': 1,
      'innodb-flush-log-at-trx-commit': 0,
      'innodb-fast-shutdown': 3,
    }
    return { args: [...folders, ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)] }
  },
})

export const mosquitto: ServerKind = serverKind({
  name: 'Mosquitto',
  program: findTool('mosquitto'),
  missing: 'Debian package mosquitto',
  port: 1883,
  tlsPort: 8883,
  ready: /running/,
  async prepare(at) {
    const settings = `
allow_anonymous true
listener 1883 0.0.0.0
listener 8883 0.0.0.0
keyfile ${at('server.key')}
certfile ${at('server.crt')}
`
    await writeFile(at('mosquitto.conf'), settings)
    return { args: ['-c', at('mosquitto.conf')] }
  },
})

/** Debian has no package; Go builds its module into the cache folder. */
const GO = join(CACHE, 'go')

export const nats: ServerKind = serverKind({
  name: 'NATS',
  program: findTool('nats-server', [GO]),
  missing: `GOBIN=${GO} go install github.com/nats-io/nats-server/v2@v2.10.29`,
  port: 4222,
  tlsPort: 4222,
  ready: /Server is ready/,
  async prepare(at) {
    const settings = `
listen: "0.0.0.0:4222"
allow_non_tls: true
tls { key_file: "${at('server.key')}", cert_file: "${at('server.crt')}" }
`
    await writeFile(at('nats.conf'), settings)
    return { args: ['-c', at('nats.conf')] }
  },
})

export const rabbitmq: ServerKind = serverKind({
  name: 'RabbitMQ',
  // The one in the PATH is a wrapper of Debian that insists on being root or rabbitmq.
  program: findTool('rabbitmq-server', ['/usr/lib/rabbitmq/bin']),
  missing: 'Debian package rabbitmq-server',
  port: 5672,
  tlsPort: 5671,
  ready: /completed with/,
  async prepare(at) {
    const settings = `
listeners.tcp.default = 0.0.0.0:5672
listeners.ssl.default = 0.0.0.0:5671
ssl_options.keyfile = ${at('server.key')}
ssl_options.certfile = ${at('server.crt')}
loopback_users = none
# the other strategies look up its process in /proc, which on a host has the process numbers of the outer system
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
      // Erlang asks the resolver for its host's name, and would listen on all addresses.
      ERL_EPMD_ADDRESS: '127.0.0.1',
    }
    return { args: [], env }
  },
})

export const redis: ServerKind = serverKind({
  name: 'Redis',
  program: findTool('redis-server'),
  missing: 'Debian package redis-server',
  port: 6379,
  tlsPort: 6380,
  ready: /Ready to accept connections/,
  async prepare(at) {
    const settings = {
      bind: '0.0.0.0',
      'tls-port': 6380,
      'tls-key-file': at('server.key'),
      'tls-cert-file': at('server.crt'),
      'tls-auth-clients': 'no',
      'protected-mode': 'no',
      save: '',
      'tcp-keepalive': 0, // its probes would keep a client's connection busy
    }
    return { args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]) }
  },
})
