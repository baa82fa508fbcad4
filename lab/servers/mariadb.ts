import { writeFile } from 'node:fs/promises'
import { findTool, needTool } from '../network/tools.ts'
import type { ServerKind } from './server.ts'
import { finish, serviceKind } from './service.ts'

const PORT = 3306

/** A MariaDB with a user `test` without a password. */
export const mariadb: ServerKind = serviceKind({
  name: 'MariaDB',
  unavailable() {
    const found = findTool('mariadbd') && findTool('mariadb-install-db')
    return found ? undefined : 'MariaDB is not installed (Debian package mariadb-server).'
  },
  port: PORT,
  tlsPort: PORT,
  async begin(service, host, at) {
    // Its temporary files are named after its process, whose number another one has on another host.
    const folders = [`--datadir=${at('data')}`, `--tmpdir=${service.folder}`]
    const install = [
      '--no-defaults',
      ...folders,
      '--skip-test-db',
      '--auth-root-authentication-method=normal',
    ]
    await finish(host.spawn(needTool('mariadb-install-db'), install, { stdio: ['ignore', 'ignore', 'pipe'] }))
    const sql = ['CREATE DATABASE test', 'CREATE USER test', 'GRANT ALL ON *.* TO test']
    await writeFile(at('init.sql'), sql.map((statement) => `${statement};\n`).join(''))
    const words = [
      '--no-defaults',
      ...folders,
      `--socket=${at('socket')}`,
      `--pid-file=${at('pid')}`,
      `--init-file=${at('init.sql')}`,
      `--ssl-cert=${at('server.crt')}`,
      `--ssl-key=${at('server.key')}`,
      '--bind-address=0.0.0.0',
      `--port=${PORT}`,
      '--skip-name-resolve',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-fast-shutdown=3',
    ]
    await service.start(host, needTool('mariadbd'), words, { ready: 'ready for connections' })
  },
})
