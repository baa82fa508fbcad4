import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Host } from '../network/host.ts'
import { finish, makeCertificate, openService } from './service.ts'
import { findTool, needTool } from '../network/tools.ts'
import type { Server, ServerKind } from './server.ts'

const PORT = 3306

/** A MariaDB with a user `test` without a password. */
export const mariadb: ServerKind = {
  name: 'MariaDB',
  unavailable() {
    const found = findTool('mariadbd') && findTool('mariadb-install-db')
    return found ? undefined : 'MariaDB is not installed (Debian package mariadb-server).'
  },
  start,
}

async function start(host: Host): Promise<Server> {
  const service = await openService('mariadb')
  const at = (file: string): string => join(service.folder, file)
  const { stop } = await service.begin(async () => {
    // Its temporary files are named after its process, whose number another one has on another host.
    const folders = [`--datadir=${at('data')}`, `--tmpdir=${service.folder}`]
    const install = [
      '--no-defaults',
      ...folders,
      '--skip-test-db',
      '--auth-root-authentication-method=normal',
    ]
    await finish(host.spawn(needTool('mariadb-install-db'), install, { stdio: ['ignore', 'ignore', 'pipe'] }))
    await makeCertificate(at('server.key'), at('server.crt'))
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
  })
  return { port: PORT, tlsPort: PORT, stop }
}
