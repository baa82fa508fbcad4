/** `reach: 'process'` under a seccomp filter, which may refuse `pidfd_getfd(2)` or kill the process for it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findTool } from '../../lab/network/tools.ts'
import { unless } from '../needs.ts'

const test = unless(
  process.platform === 'linux' && findTool('gcc') ? undefined : 'A seccomp filter needs Linux and gcc.',
)

/** Prints what holds a connection from before the install, and its time before and after. */
const PROGRAM = `
  const net = require('node:net')
  const { getKeepAlive, inspectSocket, inspectSockets, installKeepAlive } = require('tcp-keepalive')
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const socket = net.connect(server.address().port, '127.0.0.1', () => {
      socket.setKeepAlive(true, 60_000)
      const before = getKeepAlive(socket).time
      installKeepAlive({ detectWithin: 30_000 }, { reach: 'process' })
      console.log(inspectSockets().length >= 2, inspectSocket(socket).heldBy, before, getKeepAlive(socket).time < before)
      process.exit()
    })
  })`

for (const [filter, what] of Object.entries({
  kill: 'kills the process for pidfd_getfd, as SystemCallFilter=@system-service of systemd does',
  getfd: 'refuses pidfd_getfd, as the profile of Docker does',
})) {
  test(`a filter that ${what}: connections are adopted all the same`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tcp-keepalive-filtered-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const forbid = join(folder, 'forbid')
    execFileSync('gcc', ['-o', forbid, fileURLToPath(new URL('../cli/forbid.c', import.meta.url))])
    const { stdout, stderr, signal } = spawnSync(forbid, [filter, process.execPath, '-e', PROGRAM], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    t.deepEqual({ stdout, stderr, signal }, { stdout: 'true reach 60000 true\n', stderr: '', signal: null })
  })
}
