/** Defaults of the system that are larger than what can be set: what is written back is then the largest value. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { needTool } from '../../lab/network/tools.ts'
import { withLab } from '../needs.ts'

const program = fileURLToPath(new URL('large-defaults.cjs', import.meta.url))
const asRoot = process.geteuid?.() === 0 ? [] : ['--user', '--map-root-user']
const DEFAULTS =
  'echo 86400 > tcp_keepalive_time; echo 40000 > tcp_keepalive_intvl; echo 200 > tcp_keepalive_probes'

withLab('a probe and a hold of a server write back the largest value that can be set', (t) => {
  const script = `ip link set lo up; cd /proc/sys/net/ipv4; ${DEFAULTS}; exec "$@"`
  const words = [...asRoot, '--net', '--', 'sh', '-c', script, 'sh', process.execPath, program]
  const { stdout, stderr } = spawnSync(needTool('unshare'), words, { encoding: 'utf8', timeout: 60_000 })
  const off = { enabled: false, userTimeout: 0 }
  const largest = { ...off, time: 32_767_000, interval: 32_767_000, retries: 127 }
  t.is(stderr, '')
  t.deepEqual(JSON.parse(stdout), {
    before: { ...off, time: 86_400_000, interval: 40_000_000, retries: 200 },
    isThere: true,
    probed: largest,
    held: 11_000,
    released: largest,
    reported: [],
  })
})
