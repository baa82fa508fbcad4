/** Held values are in force when the peer dies, and the channel reports the loss. */
import type { KeepAliveOptions } from 'tcp-keepalive'
import { echoPort, startEcho } from '../../lab/network/echo.ts'
import { type Lab, openLab } from '../../lab/network/lab.ts'
import type { Program } from '../../lab/network/program.ts'
import { withLab } from '../needs.ts'
import { isInTime, PAUSES, type Pauses } from '../../lab/timing.ts'

const DEADLINE = 6000

interface Lost {
  readonly outcome: string
  readonly code: string
  /** How many connections of the object have ended, with this one. */
  readonly count: number
  readonly isHeld: boolean
}

/**
 * One socket object that connects, is ended, and connects again on request. A driver sets 1 h at each connect. It reports
 * 'connected' with each answer, 'lost' for each message of the channel, and 'error' for the program's error.
 */
function reconnecting(
  lab: Lab,
  by: 'hold' | 'install' | 'register',
  asked: KeepAliveOptions = { detectWithin: DEADLINE },
): Program<void> {
  return lab.client.start(
    async ({ host, port, by, asked, pauses }, { tell, next }) => {
      const net = await import('node:net')
      const { subscribe } = await import('node:diagnostics_channel')
      const { holdKeepAlive, installKeepAlive } = await import('tcp-keepalive')
      const { watchPauses } = (await import(pauses)) as Pauses
      const pausedSince = watchPauses()
      let heardAt = 0
      const socket = new net.Socket()
      let count = 0
      subscribe('tcp-keepalive:lost', (message) => {
        const {
          socket: of,
          outcome,
          error,
        } = message as { socket: unknown; outcome: string; error: { code: string } }
        tell('paused', pausedSince(heardAt))
        tell('lost', { outcome, code: error.code, count, isHeld: of === socket })
      })
      if (by === 'hold') holdKeepAlive(socket, asked)
      if (by === 'install') installKeepAlive(asked, { match: port })
      socket.on('error', () => tell('error'))
      socket.on('data', () => {
        heardAt = Date.now()
        tell('connected', ++count)
      })
      socket.on('connect', () => {
        socket.setKeepAlive(true, 3_600_000)
        socket.write('.')
      })
      for (;;) {
        socket.connect(port, host)
        await next()
        const closed = new Promise((resolve) => {
          socket.once('close', resolve)
        })
        socket.destroy()
        await closed
      }
    },
    { host: lab.server.address, port: echoPort, by, asked, pauses: PAUSES },
    by === 'register'
      ? { nodeArguments: ['--import=tcp-keepalive/register'], env: { TCP_KEEPALIVE_DETECT_WITHIN: '6s' } }
      : {},
  )
}

for (const by of ['hold', 'install', 'register'] as const) {
  withLab(
    `by ${by}: the same object, connected again, gets an error for a cut within the deadline`,
    async (t) => {
      const lab = await openLab(t)
      await startEcho(lab)
      const program = reconnecting(lab, by)
      await program.event('connected')
      program.send('again')
      const { at: heardAt } = await program.event('connected')
      await lab.cut()
      const { at, data } = await program.event<Lost>('lost')
      t.deepEqual(data, { outcome: 'no-answer', code: 'ETIMEDOUT', count: 2, isHeld: true })
      const { data: pausedMs } = await program.event<number>('paused')
      t.true(
        isInTime(at - heardAt, pausedMs, DEADLINE),
        `told after ${at - heardAt} ms, paused for ${pausedMs} ms`,
      )
      await program.event('error')
    },
  )
}

withLab('a peer that was restarted is published as a reset', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  // Enough retries for the restart to take its time.
  const program = reconnecting(lab, 'hold', { time: 1000, interval: 1000, retries: 100 })
  await program.event('connected')
  await lab.reboot()
  const { data } = await program.event<Lost>('lost')
  t.deepEqual(data, { outcome: 'reset', code: 'ECONNRESET', count: 1, isHeld: true })
})
