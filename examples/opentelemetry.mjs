/** OpenTelemetry: what the sockets are like, read at each collection, and what became of those that are held. */
import { subscribe } from 'node:diagnostics_channel'
import { metrics } from '@opentelemetry/api'
import { inspectSockets } from 'tcp-keepalive'

const PEERS = { 3306: 'mysql', 5432: 'postgresql', 6379: 'redis' }

/**
 * For when the SDK has been started. Every other port is 'other': those of accepted connections would make a new series
 * each.
 */
export function measure(peers = PEERS) {
  const meter = metrics.getMeter('tcp-keepalive')
  const sum = (name, unit) => meter.createObservableUpDownCounter(`tcp.keepalive.${name}`, { unit })
  const connections = sum('connections', '{connection}')
  const unanswered = sum('unanswered_probes', '{probe}')
  const warned = sum('warned_connections', '{connection}')
  const silence = meter.createObservableGauge('tcp.keepalive.silence.max', { unit: 's' })

  const observables = [connections, unanswered, warned, silence]
  const values = new Map(observables.map((observable) => [observable, new Map()])) // by the attributes as JSON
  const change = (observable, attributes, next) => {
    const series = values.get(observable)
    const key = JSON.stringify(attributes)
    series.set(key, next(series.get(key) ?? 0))
  }
  meter.addBatchObservableCallback((result) => {
    // The SDK repeats what it was told last, so a series of which nothing is left must be told as 0.
    for (const series of values.values()) for (const key of series.keys()) series.set(key, 0)
    for (const { remote, keepAlive, tcpInfo, warnings } of inspectSockets()) {
      if (!remote) continue // it listens
      const peer = peers[remote.port] ?? 'other'
      change(connections, { peer, keepalive: keepAlive.enabled ? 'on' : 'off' }, (count) => count + 1)
      for (const { code } of warnings) change(warned, { peer, code }, (count) => count + 1)
      const { silentFor, unansweredProbes } = tcpInfo ?? {} // undefined where the system does not tell
      if (unansweredProbes !== undefined) change(unanswered, { peer }, (count) => count + unansweredProbes)
      if (silentFor !== undefined) change(silence, { peer }, (longest) => Math.max(longest, silentFor / 1000))
    }
    for (const [observable, series] of values) {
      for (const [key, value] of series) result.observe(observable, value, JSON.parse(key))
    }
  }, observables)

  const applied = meter.createCounter('tcp.keepalive.applied', { unit: '{call}' })
  const lost = meter.createCounter('tcp.keepalive.lost', { unit: '{connection}' })
  const advice = { explicitBucketBoundaries: [1, 5, 10, 30, 60, 300, 900] }
  const lostAfter = meter.createHistogram('tcp.keepalive.lost_silence', { unit: 's', advice })

  const nameOf = ({ port }) => peers[port] ?? 'other'
  subscribe('tcp-keepalive:apply', ({ peer, by }) => applied.add(1, { peer: nameOf(peer), by }))
  subscribe('tcp-keepalive:lost', ({ peer, outcome, doing = 'unknown', silentFor }) => {
    lost.add(1, { peer: nameOf(peer), outcome, doing })
    if (silentFor !== undefined) lostAfter.record(silentFor / 1000, { peer: nameOf(peer), outcome })
  })
}
