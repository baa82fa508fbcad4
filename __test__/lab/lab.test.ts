import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'

import { connect, echoed, echoPort, startEcho } from '../../lab/network/echo.ts'
import { keepAliveProbes } from '../../lab/network/keepalive-probes.ts'
import { openLab } from '../../lab/network/lab.ts'
import type { TcpPacket } from '../../lab/network/packets.ts'
import { withLab } from '../needs.ts'
import { KERNEL_MS, timerAtMost } from '../../lab/timing.ts'

withLab('the client reaches the server across the router, over IPv4 and IPv6', async (t) => {
  const lab = await openLab(t)
  const capture = await lab.capture({ host: 'server' })
  await startEcho(lab)
  t.is(await echoed(await connect(lab), 'four'), 'four')
  t.is(await echoed(await connect(lab, false, lab.server.address6), 'six'), 'six')
  await capture.stop()
  const opening = capture.packets
    .filter(({ flags }) => flags.syn)
    .map(({ from, flags }) => [from.address, flags.ack])
  t.deepEqual(opening, [
    ['10.9.1.1', false],
    ['10.9.2.1', true],
    ['fd09:1::1', false],
    ['fd09:2::1', true],
  ])
})

withLab('npm run lab opens the laboratory for a person, and "quit" closes it', async (t) => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const said = await new Promise<string>((resolve, reject) => {
    const lab = execFile('npm', ['run', '--silent', 'lab'], { cwd: root }, (error, out) =>
      error ? reject(error) : resolve(out),
    )
    lab.stdin?.end('cut\nheal\nquit\n')
  })
  t.regex(said, /client +10\.9\.1\.1/)
  t.regex(said, /cut: done[^]*heal: done/)
})

withLab('a cut drops all packets silently until it is healed', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const client = await connect(lab)
  t.is(await echoed(client, 'before'), 'before')
  const [atClient, atServer] = await Promise.all([lab.capture(), lab.capture({ host: 'server' })])
  await lab.cut()
  client.send('lost')
  await waitUntil(t, () => atClient.packets.length >= 2) // the kernel retransmits after about 0.2 and 0.6 s
  t.deepEqual(atServer.packets, [])
  t.deepEqual(atClient.icmp, [])
  await lab.heal()
  t.is((await client.event('data')).data, 'lost')
})

withLab('a restarted peer answers the next keepalive probe with RST', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const capture = await lab.capture()
  const client = await connect(lab, true)
  await lab.reboot()
  t.is((await client.event('error')).data, 'ECONNRESET')
  await capture.stop()
  t.false(
    capture.packets.some(({ flags }) => flags.fin),
    'the killed server said goodbye',
  )
  t.true(keepAliveProbes(capture.packets, { from: lab.client.address }).at(-1)?.answer?.flags.rst)
  await startEcho(lab) // the server works normally again
  t.is(await echoed(await connect(lab), 'again'), 'again')
})

withLab('an unreachable server: the router sends an ICMP error to a writing client', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const client = await connect(lab)
  const capture = await lab.capture()
  await lab.unreachable()
  client.send('lost')
  await waitUntil(t, () => capture.icmp.length > 0)
  const [answer] = capture.icmp
  t.is(answer?.icmp, 'host-unreachable')
  t.is(answer?.from.address, lab.router.address)
  t.deepEqual(answer?.about?.to, { address: lab.server.address, port: echoPort })
  await lab.heal()
  t.is((await client.event('data')).data, 'lost')
})

withLab('a middlebox that forgets drops a silent connection, but not one with keepalive', async (t) => {
  const lab = await openLab(t)
  await lab.forget(2)
  await startEcho(lab)
  const [silent, kept] = await Promise.all([connect(lab), connect(lab, true)])
  await pause(4000) // twice the middlebox's time; keepalive sends every second
  t.is(await echoed(kept, 'here'), 'here')
  silent.send('lost')
  await pause(1000) // an answer takes less than a millisecond
  t.deepEqual(
    silent.events.map(({ name }) => name),
    ['connected'],
  )
})

withLab('a muted host still receives, and nobody receives from it', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const client = await connect(lab)
  t.is(await echoed(client, 'before'), 'before')
  for (const muted of ['client', 'server'] as const) {
    const other = muted === 'client' ? 'server' : 'client'
    const [sent, heard] = await Promise.all([lab.capture({ host: muted }), lab.capture({ host: other })])
    await lab.mute(muted)
    const repeated = (packets: readonly TcpPacket[]): number =>
      packets.filter(({ from, length }) => from.address === lab.client.address && length > 0).length
    client.send(muted)
    const leaving = muted === 'client' ? sent : heard
    await waitUntil(t, () => repeated(leaving.packets) >= 3) // the kernel retransmits after about 0.2 and 0.6 s
    await lab.heal()
    t.is((await client.event('data')).data, muted)
    await Promise.all([sent.stop(), heard.stop()])
    // While only the server's acknowledgements are lost, each retransmission of the client arrives.
    const [left, arrived] = [repeated(sent.packets), repeated(heard.packets)]
    if (muted === 'client') t.true(left >= 3 && arrived === 1, `${left} left, ${arrived} arrived`)
    else t.true(left >= 3 && arrived === left, `${arrived} left, ${left} arrived`)
  }
})

withLab(
  'through a middlebox a restarted server is detected, and a new time to forget replaces the old one',
  async (t) => {
    const lab = await openLab(t)
    await lab.forget(60)
    await startEcho(lab)
    const client = await connect(lab, true)
    await lab.reboot()
    t.is((await client.event('error')).data, 'ECONNRESET')
    await startEcho(lab)
    const silent = await connect(lab)
    await lab.forget(1)
    t.is(await echoed(silent, 'known'), 'known') // from this packet on the connection is kept for one second
    await pause(2000)
    silent.send('lost')
    await pause(1000) // an answer takes less than a millisecond
    t.deepEqual(
      silent.events.map(({ name }) => name),
      ['connected', 'data'],
    )
  },
)

withLab('loss drops some packets and lets others pass', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const client = await connect(lab)
  const [sent, arrived] = await Promise.all([lab.capture(), lab.capture({ host: 'server' })])
  await lab.lose(50)
  // Loss of data would slow down TCP. So each of 200 closed ports gets one SYN.
  await lab.client.run(
    async ({ host, count }) => {
      const net = await import('node:net')
      for (let index = 0; index < count; index++) net.connect(10_000 + index, host).on('error', () => {})
      await new Promise((resolve) => {
        setTimeout(resolve, 500)
      })
    },
    { host: lab.server.address, count: 200 },
  )
  await Promise.all([sent.stop(), arrived.stop()])
  // If this takes longer than a second, the kernel retransmits. Only the first SYN to a port counts.
  const asking = new Map<number, number>()
  for (const { at, to, flags } of sent.packets) {
    if (flags.syn && !asking.has(to.port)) asking.set(to.port, at)
  }
  const isFirst = (at: number, port: number): boolean => at - (asking.get(port) ?? 0) < 900
  const asked = asking.size
  const heard = arrived.packets.filter(({ at, to, flags }) => flags.syn && isFirst(at, to.port)).length
  const answered = sent.packets.filter(({ at, from, flags }) => flags.rst && isFirst(at, from.port)).length
  t.is(asked, 200)
  // Six standard deviations (7 of 200) around the mean: a false failure once in 500 million runs.
  t.true(heard > 58 && heard < 142, `${heard} of 200 arrived`)
  t.true(answered > 8 && answered < heard, `${answered} of ${heard} answers came back`)
  await lab.heal()
  t.is(await echoed(client, 'all'), 'all')
})

withLab('a capture shows the handshake, the probes with their gaps, and their answers', async (t) => {
  const lab = await openLab(t)
  await startEcho(lab)
  const capture = await lab.capture({ filter: `tcp port ${echoPort}` })
  const beforeAt = Date.now()
  const client = await connect(lab, true)
  const afterAt = Date.now()
  await waitUntil(t, () => keepAliveProbes(capture.packets).length >= 2)
  await lab.cut()
  const before = keepAliveProbes(capture.packets).length
  await waitUntil(t, () => keepAliveProbes(capture.packets).length >= before + 2)
  await capture.stop()
  const [syn, synAck] = capture.packets
  t.like(syn, { from: { address: lab.client.address }, flags: { syn: true, ack: false }, length: 0 })
  t.like(synAck, { from: { address: lab.server.address, port: echoPort }, flags: { syn: true, ack: true } })
  const probes = keepAliveProbes(capture.packets, { from: lab.client.address })
  t.deepEqual(keepAliveProbes(capture.packets, { from: lab.server.address }), [])
  t.true(probes[0]?.answer !== undefined)
  t.is(probes.at(-1)?.answer, undefined)
  const gaps = probes.slice(1).map((probe, index) => probe.at - (probes[index]?.at ?? 0))
  for (const gap of gaps) t.true(gap > 990 && gap <= timerAtMost(1000), `${gap} ms between probes`)
  // A program, a capture and the test use the same clock.
  const connectedAt = client.events[0]?.at ?? Number.NaN
  const order = [beforeAt, syn?.at ?? Number.NaN, connectedAt, afterAt]
  const isInOrder = order.every((at, index) => index === 0 || at >= (order[index - 1] ?? 0) - KERNEL_MS)
  t.true(isInOrder, order.join(', '))
})

withLab('the capture contains everything that passed before stop()', async (t) => {
  const lab = await openLab(t)
  const capture = await lab.capture()
  const count = 500
  await lab.client.run(
    async ({ host, ports }) => {
      const net = await import('node:net')
      for (let index = 0; index < ports; index++) {
        await new Promise((resolve) => {
          net.connect(10_000 + index, host).on('error', resolve)
        })
      }
    },
    { host: lab.server.address, ports: count },
  )
  await capture.stop()
  t.is(capture.packets.filter(({ flags }) => flags.syn).length, count)
  t.is(capture.packets.filter(({ flags }) => flags.rst).length, count)
})

withLab('several open laboratories do not affect each other', async (t) => {
  const labs = await Promise.all([openLab(t), openLab(t), openLab(t), openLab(t)])
  const clients = await Promise.all(
    labs.map(async (lab) => {
      await startEcho(lab)
      return connect(lab)
    }),
  )
  await labs[0]?.cut()
  for (const client of clients) client.send('hello')
  await Promise.all(clients.slice(1).map((client) => client.event('data')))
  t.deepEqual(
    clients.map(({ events }) => events.filter(({ name }) => name === 'data').length),
    [0, 1, 1, 1],
  )
})

async function waitUntil(t: ExecutionContext, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000 // the events take a few seconds on an idle machine
  while (!condition()) {
    if (Date.now() > deadline) return t.fail(`never came true: ${condition.toString()}`)
    await pause(20)
  }
  return undefined
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}
