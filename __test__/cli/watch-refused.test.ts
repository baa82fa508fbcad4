/** `tcp-keepalive watch` on a system that refuses to read its socket. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { preloadUnavailable } from '../../lab/preload.ts'
import { refusing } from '../hold/refuse.ts'
import { unless } from '../needs.ts'
import { CLI } from './command.ts'

const compiled = unless(process.platform === 'linux' ? preloadUnavailable() : 'LD_PRELOAD is of Linux.')

for (const [option, when] of [
  ['TCP_KEEPIDLE', 'as it connects'],
  ['TCP_INFO', 'later'],
] as const) {
  compiled(`a connection that cannot be read ${when} gives one line, and exit code 1`, async (t) => {
    const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
    t.teardown(() => server.close())
    await once(server, 'listening')
    const peer = `127.0.0.1:${(server.address() as net.AddressInfo).port}`
    const child = spawn(process.execPath, [CLI, 'watch', peer, '--for', '1m'], {
      env: { ...process.env, ...refusing(t, { refuseReading: option }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number]>,
    ])
    t.is(stderr, '')
    t.regex(
      stdout,
      new RegExp(
        `^\\d\\d:\\d\\d:\\d\\d ${peer} could not be watched: EPERM: getsockopt ${option} EPERM$`,
        'm',
      ),
    )
    t.is(code, 1)
  })
}
