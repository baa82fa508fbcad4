/** `tcp-keepalive watch`, in a terminal of 80 columns on the laboratory's client. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { echoPort, startEcho } from '../../lab/network/echo.ts'
import { type Lab, openLab } from '../../lab/network/lab.ts'
import { withLab } from '../needs.ts'
import { timerAtMost } from '../../lab/timing.ts'
import { CLI } from './command.ts'
import { type Screen, screenOf, type TerminalSize } from './terminal-screen.ts'

interface Session {
  /** Resolves when this has been on the screen. */
  seen(pattern: RegExp): Promise<void>
  /** Presses Ctrl-C. */
  interrupt(): void
  end(): Promise<Screen & { readonly code: number; readonly recorded: string }>
}

const VALUES = ['--time', '1s', '--interval', '1s', '--retries', '3']

const USUAL: TerminalSize = { columns: 80, rows: 24 }

function watchInTerminal(lab: Lab, ...args: string[]): Session {
  return watchInSmallTerminal(lab, USUAL, ...args)
}

function watchInSmallTerminal(lab: Lab, size: TerminalSize, ...args: string[]): Session {
  const command = [process.execPath, CLI, 'watch', ...args].join(' ')
  const inside = `stty cols ${size.columns} rows ${size.rows}; exec ${command}`
  const program = lab.client.spawn('script', ['-qec', inside, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Node assumes that a terminal of an unknown CI has no colours.
    env: { ...process.env, CI: undefined, TERM: 'xterm', NO_COLOR: '' },
  })
  let recorded = ''
  program.stdout?.setEncoding('utf8').on('data', (chunk: string) => (recorded += chunk))
  const closed = once(program, 'close')
  return {
    async seen(pattern) {
      while (!pattern.test(recorded)) {
        if (program.exitCode !== null) throw new Error(`it has ended: ${recorded}`)
        await sleep(20)
      }
    },
    interrupt: () => void program.stdin?.write('\u0003'),
    async end() {
      const [code] = (await closed) as [number]
      return { ...(await screenOf(recorded, size)), code, recorded }
    },
  }
}

/** The lines that report events, without the time of day. */
function events({ lines }: Screen): string[] {
  return lines
    .join('\n')
    .replaceAll(/\n {9}/g, ': ')
    .split('\n')
    .flatMap((line) => /^\d\d:\d\d:\d\d (.*)$/.exec(line)?.[1] ?? [])
}

withLab('a cut cable: alive, silent 1/3 to 3/3, ETIMEDOUT', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const peer = `${lab.server.address}:${echoPort}`
  const session = watchInTerminal(lab, peer, ...VALUES)
  await session.seen(/alive/)
  await sleep(2500) // a living peer is probed and stays alive
  const cutAt = Date.now()
  await lab.cut()
  const screen = await session.end()
  const passed = Date.now() - cutAt
  t.log(screen.lines.join('\n'))
  t.deepEqual(events(screen).slice(0, -1), [
    `${peer} alive`,
    `${peer} silent 1/3`,
    `${peer} silent 2/3`,
    `${peer} silent 3/3`,
  ])
  const last = events(screen).at(-1) ?? ''
  const [, silent] = /lost: ETIMEDOUT: no answer to 3 probes, silent for (\d\.\d) s$/.exec(last) ?? []
  // The last time seen before the end, at 4 s. At the cut the peer had been silent for at most a second.
  const silentMs = Number(silent) * 1000
  t.true(silentMs >= 3000 && silentMs <= passed + timerAtMost(1000), last)
  t.deepEqual(screen.lines.slice(-2), [
    'PEER                                  STATUS            SILENT    ROUND TRIP',
    `${peer.padEnd(36)}  lost                   -             -`,
  ])
  t.is(screen.wrapped, 0)
  t.is(screen.code, 1)
  t.true(screen.recorded.includes('\u001B[31m'), 'in colours')
})

withLab('a peer that was restarted: ECONNRESET', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const peer = `${lab.server.address}:${echoPort}`
  // Enough retries for the restart; the peer is silent during it.
  const session = watchInTerminal(lab, peer, '--time', '4s', '--interval', '1s', '--retries', '100')
  await session.seen(/alive/)
  await lab.reboot()
  const screen = await session.end()
  t.log(screen.lines.join('\n'))
  const told = events(screen).filter((event) => !/ silent \d+\/100$/.test(event))
  t.deepEqual(told, [
    `${peer} alive`,
    `${peer} lost: ECONNRESET: the peer was restarted, or has dropped the connection`,
  ])
  t.is(screen.wrapped, 0)
  t.is(screen.code, 1)
})

withLab('unreachable: reported at once when connecting, and by the probes when idle', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const peer = `${lab.server.address}:${echoPort}`
  const before = watchInTerminal(lab, peer, ...VALUES)
  await before.seen(/alive/)
  await lab.unreachable()
  const late = watchInTerminal(lab, peer, ...VALUES)
  const refused = await late.end()
  t.log(refused.lines.join('\n'))
  t.deepEqual(events(refused), [
    `${peer} could not be reached: EHOSTUNREACH: unreachable: there is no route to that host`,
  ])
  t.is(refused.code, 1)
  const screen = await before.end()
  t.regex(events(screen).at(-1) ?? '', /lost: ETIMEDOUT: no answer to 3 probes/)
  t.deepEqual([refused.wrapped, screen.wrapped], [0, 0])
})

withLab(
  'several peers are watched at once; nothing is sent to them, and Ctrl-C ends the command cleanly',
  async (t) => {
    const lab = await openLab(t)
    await startEcho(lab)
    const capture = await lab.capture()
    const peers = [`${lab.server.address}:${echoPort}`, `[${lab.server.address6}]:${echoPort}`]
    const session = watchInTerminal(lab, ...peers, '--detect-within', '10s')
    await session.seen(/alive[^]*alive[^]*alive[^]*alive/)
    session.interrupt()
    const screen = await session.end()
    await capture.stop()
    t.deepEqual(new Set(events(screen)), new Set(peers.map((peer) => `${peer} alive`)))
    t.is(screen.code, 0)
    t.true(capture.packets.length > 0)
    t.true(capture.packets.every(({ length }) => length === 0))
  },
)

withLab('watch connects again to a server that closes silent connections', async (t) => {
  const lab = await openLab(t)
  const server = lab.server.start(async (port: number, { tell }) => {
    const net = await import('node:net')
    const listener = net.createServer((socket) => {
      tell('accepted')
      setTimeout(() => socket.end(), 200)
    })
    listener.listen(port, () => tell('listening'))
  }, 5432)
  await server.event('listening')
  const session = watchInTerminal(lab, `${lab.server.address}:5432`)
  await server.event('accepted')
  await server.event('accepted')
  session.interrupt()
  const screen = await session.end()
  t.true(
    events(screen).includes(`${lab.server.address}:5432 closed: the server hung up; connecting again`),
    screen.lines.join('\n'),
  )
  t.true(screen.recorded.includes(`${lab.server.address}:5432 PostgreSQL`))
  t.is(screen.wrapped, 0)
})

withLab(
  'in a narrow and low terminal the table stays in place, and says how many rows do not fit',
  async (t) => {
    const lab = await openLab(t)
    await startEcho(lab)
    const peer = `${lab.server.address}:${echoPort}`
    const peers = Array.from({ length: 9 }, () => peer)
    const size = { columns: 48, rows: 8 }
    const session = watchInSmallTerminal(lab, size, ...peers, '--detect-within', '10s', '--for', '4s')
    const screen = await session.end()
    t.log(screen.lines.join('\n'))
    t.is(events(screen).length, 9)
    const table = screen.lines.slice(screen.lines.findIndex((line) => line.startsWith('PEER')))
    t.is(table.length, 7)
    t.regex(table[0] ?? '', /^PEER +STATUS +SILENT$/)
    t.true(table.slice(1, 6).every((line) => /^10\.9\.2\.1:7000 +alive +\d\.\d s$/.test(line)))
    t.is(table[6], 'and 4 more')
    t.is(screen.wrapped, 0)
  },
)

withLab('a dead host: watch ends by itself and says that it could not be reached', async (t) => {
  const lab = await openLab(t)
  await lab.cut()
  const peer = `${lab.server.address}:${echoPort}`
  const screen = await watchInTerminal(lab, peer, '--detect-within', '5s').end()
  t.deepEqual(events(screen), [`${peer} could not be reached: ETIMEDOUT: nothing answers`])
  t.regex(screen.lines.at(-1) ?? '', /^10\.9\.2\.1:7000 +unreached/)
  t.is(screen.code, 1)
})

withLab('a host that has not answered when the time is over is reported as not reached', async (t) => {
  const lab = await openLab(t)
  await lab.cut()
  const peer = `${lab.server.address}:${echoPort}`
  const screen = await watchInTerminal(lab, peer, '--for', '1s').end()
  t.deepEqual(events(screen), [`${peer} could not be reached: nothing has answered`])
  t.is(screen.code, 1)
})

withLab('watch ends when nobody reads its output any more', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const program = lab.client.spawn(
    process.execPath,
    [CLI, 'watch', `${lab.server.address}:${echoPort}`, ...VALUES],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let complaint = ''
  program.stderr?.setEncoding('utf8').on('data', (chunk: string) => (complaint += chunk))
  await once(program.stdout ?? program, 'data')
  program.stdout?.destroy()
  await lab.cut() // watch has to report this
  await once(program, 'close')
  t.deepEqual([program.exitCode, complaint], [0, ''])
})

withLab('without a terminal watch only prints lines for events, also as JSON', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const peer = `${lab.server.address}:${echoPort}`
  const run = async (...args: string[]): Promise<string> => {
    const program = lab.client.spawn(process.execPath, [CLI, 'watch', peer, '--for', '4s', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    program.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    await once(program, 'close')
    t.is(program.exitCode, 0)
    return output
  }
  t.regex(await run(), new RegExp(`^\\d\\d:\\d\\d:\\d\\d ${peer} alive\n$`))
  t.like(JSON.parse(await run('--json')), { peer, status: 'alive', unansweredProbes: 0, probes: 5 })
})
