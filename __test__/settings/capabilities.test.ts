/** ES modules and CommonJS files see the same capabilities of the system, on every Node. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import test from 'ava'
import { ROOT } from '../../lab/command.ts'

const PROGRAM = `
import { createRequire } from 'node:module'
process.getBuiltinModule = undefined
const { capabilities } = await import('tcp-keepalive')
const common = createRequire(import.meta.url)('tcp-keepalive')
console.log(JSON.stringify([capabilities, common.capabilities].map(({ rtoMax }) => rtoMax.settable)))`

test('whether TCP_RTO_MAX_MS can be set is also known without process.getBuiltinModule, before Node 20.16 and 22.3', (t) => {
  const words = ['--input-type=module', '--eval', PROGRAM]
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: ROOT, encoding: 'utf8' })
  t.is(stderr, '')
  const isThere = existsSync('/proc/sys/net/ipv4/tcp_rto_max_ms')
  t.deepEqual(JSON.parse(stdout), [isThere, isThere])
})
