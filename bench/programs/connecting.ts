/**
 * Connects and closes as often as its parent asks, with an install that matches, one with a deadline, one that does not match, or
 * none. Answers with the nanoseconds of processor time of each: elapsed time would include waiting for the peer and for other
 * programs on the core.
 */
import { once } from 'node:events'
import { connect } from 'node:net'

const [port = '', install = 'none'] = process.argv.slice(2)
const VALUES = { time: 60_000, interval: 10_000, retries: 6, userTimeout: 30_000 }

if (install !== 'none') {
  const { ours } = await import('../measured.ts')
  const values = install === 'deadline' ? { detectWithin: 60_000 } : VALUES
  ours.installKeepAlive(values, { match: install === 'other' ? 'db.internal:5432' : `*:${port}` })
}

async function connectAndClose(times: number): Promise<number> {
  const start = process.cpuUsage()
  for (let i = 0; i < times; i++) {
    const socket = connect({ port: Number(port), host: '127.0.0.1' })
    await once(socket, 'connect')
    const closed = once(socket, 'close')
    socket.resetAndDestroy() // so that its port is free at once
    await closed
  }
  const { user, system } = process.cpuUsage(start)
  return ((user + system) * 1000) / times
}

process.on('message', (times: number) => {
  void connectAndClose(times).then((nanoseconds) => process.send?.(nanoseconds))
})
process.on('disconnect', () => process.exit())
process.send?.(0)
