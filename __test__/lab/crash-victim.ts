/** Opens a laboratory with everything in it running, prints its namespaces and its folder, and waits to be killed. */
import { readdirSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'

import { startEcho } from '../../lab/network/echo.ts'
import { openLab } from '../../lab/network/lab.ts'
import { postgresUnavailable, startPostgres } from '../../lab/servers/postgres.ts'

const lab = await openLab()
await lab.capture()
await startEcho(lab)
const frozen = lab.client.start(async (_: undefined, { tell, next }) => {
  tell('begun')
  await next()
})
await frozen.event('begun')
frozen.process.kill('SIGSTOP')
// The grandchild is in its own session, like a daemon.
lab.server.spawn('sh', ['-c', 'setsid sleep 600 & sleep 600'])
const before = new Set(readdirSync(tmpdir()))
if ((await postgresUnavailable()) === undefined) await startPostgres(lab.server)
const hosts = [lab.client, lab.router, lab.server]
process.send?.({
  namespaces: hosts.map(({ pid }) => readlinkSync(`/proc/${pid}/ns/net`)),
  folders: readdirSync(tmpdir()).filter((name) => name.startsWith('lab-postgres-') && !before.has(name)),
})
