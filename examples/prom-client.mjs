/** prom-client: what the sockets are like, read at each scrape, and what became of those that are held. */
import { subscribe } from 'node:diagnostics_channel'
import { Counter, Gauge, Histogram } from 'prom-client'
import { inspectSockets } from 'tcp-keepalive'

const PEERS = { 3306: 'mysql', 5432: 'postgresql', 6379: 'redis' }

/** Every other port is 'other': those of accepted connections would make a new series each. */
export function measure(registry, peers = PEERS) {
  const metric = (Type, name, help, labelNames, more) =>
    new Type({ name: `tcp_keepalive_${name}`, help, labelNames, registers: [registry], ...more })

  // prom-client asks in this order, so the first one reads the sockets once for all four.
  const connections = metric(Gauge, 'connections', 'Connections', ['peer', 'keepalive'], { collect: read })
  const silence = metric(Gauge, 'silence_max_seconds', 'Longest silence of a peer', ['peer'])
  const unanswered = metric(Gauge, 'unanswered_probes', 'Probes not yet answered', ['peer'])
  const warned = metric(Gauge, 'warned_connections', 'Connections with a warning', ['peer', 'code'])

  function read() {
    for (const gauge of [connections, silence, unanswered, warned]) gauge.reset()
    const longest = {}
    for (const { remote, keepAlive, tcpInfo, warnings } of inspectSockets()) {
      if (!remote) continue // it listens
      const peer = peers[remote.port] ?? 'other'
      connections.inc({ peer, keepalive: keepAlive.enabled ? 'on' : 'off' })
      for (const { code } of warnings) warned.inc({ peer, code })
      const { silentFor, unansweredProbes } = tcpInfo ?? {} // undefined where the system does not tell
      if (unansweredProbes !== undefined) unanswered.inc({ peer }, unansweredProbes)
      if (silentFor !== undefined) longest[peer] = Math.max(longest[peer] ?? 0, silentFor / 1000)
    }
    for (const [peer, seconds] of Object.entries(longest)) silence.set({ peer }, seconds)
  }

  const nameOf = ({ port }) => peers[port] ?? 'other'
  const applied = metric(Counter, 'applied_total', 'Times that values were put into a socket', ['peer', 'by'])
  const losses = ['peer', 'outcome', 'doing']
  const lost = metric(Counter, 'lost_total', 'Held connections whose peer was gone', losses)
  const buckets = [1, 5, 10, 30, 60, 300, 900]
  const silent = ['peer', 'outcome']
  const lostAfter = metric(Histogram, 'lost_silence_seconds', 'Silence before the loss', silent, { buckets })

  // So that increase() sees the first one too.
  for (const peer of new Set([...Object.values(peers), 'other'])) {
    for (const by of ['hold', 'install']) applied.inc({ peer, by }, 0)
    for (const outcome of ['no-answer', 'reset', 'unreachable']) {
      for (const doing of ['waiting', 'writing', 'connecting']) lost.inc({ peer, outcome, doing }, 0)
    }
  }
  subscribe('tcp-keepalive:apply', ({ peer, by }) => applied.inc({ peer: nameOf(peer), by }))
  subscribe('tcp-keepalive:lost', ({ peer, outcome, doing = 'unknown', silentFor }) => {
    lost.inc({ peer: nameOf(peer), outcome, doing })
    if (silentFor !== undefined) lostAfter.observe({ peer: nameOf(peer), outcome }, silentFor / 1000)
  })
}
