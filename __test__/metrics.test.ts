/** The examples for prom-client and OpenTelemetry, as a reader copies them. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { getTcpInfo, holdKeepAlive } from 'tcp-keepalive'
import { connected, type Listening, listening } from './hold/sockets.ts'
import { KERNEL_MS } from '../lab/timing.ts'

const examples = new URL('../examples/', import.meta.url)
const require = createRequire(new URL('package.json', examples))

/** By name and labels: `name{a="b"}`. */
type Samples = Readonly<Record<string, number>>

interface Names {
  readonly connections: string
  readonly silence: string
  readonly unanswered: string
  readonly warned: string
  readonly applied: string
  readonly lost: string
  readonly lostAfter: string
}

interface Metrics {
  readonly names: Names
  read(): Promise<Samples>
}

interface Registry {
  metrics(): Promise<string>
}

interface DataPoint {
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number | { readonly count: number }
}

interface Metric {
  readonly descriptor: { readonly name: string; readonly unit: string }
  readonly dataPoints: readonly DataPoint[]
}

interface Collected {
  readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[]
}

interface Exporter {
  getMetrics(): readonly Collected[]
}

interface Provider {
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

async function prometheus(peers: object): Promise<Metrics> {
  const { Registry } = require('prom-client') as { Registry: new () => Registry }
  const { measure } = await import(new URL('prom-client.mjs', examples).href)
  const registry = new Registry()
  measure(registry, peers)
  const names = {
    connections: 'tcp_keepalive_connections',
    silence: 'tcp_keepalive_silence_max_seconds',
    unanswered: 'tcp_keepalive_unanswered_probes',
    warned: 'tcp_keepalive_warned_connections',
    applied: 'tcp_keepalive_applied_total',
    lost: 'tcp_keepalive_lost_total',
    lostAfter: 'tcp_keepalive_lost_silence_seconds_count',
  }
  return {
    names,
    async read() {
      const lines = (await registry.metrics()).matchAll(/^(\w+\{.*\}) (\S+)$/gm)
      return Object.fromEntries([...lines].map(([, series, value]) => [series, Number(value)]))
    },
  }
}

async function openTelemetry(t: ExecutionContext, peers: object): Promise<Metrics> {
  const { metrics } = require('@opentelemetry/api') as {
    metrics: { setGlobalMeterProvider(provider: Provider): boolean; disable(): void }
  }
  const sdk = require('@opentelemetry/sdk-metrics') as {
    AggregationTemporality: { CUMULATIVE: number }
    InMemoryMetricExporter: new (temporality: number) => Exporter
    MeterProvider: new (options: object) => Provider
    PeriodicExportingMetricReader: new (options: object) => object
  }
  const exporter = new sdk.InMemoryMetricExporter(sdk.AggregationTemporality.CUMULATIVE)
  const reader = new sdk.PeriodicExportingMetricReader({ exporter })
  const provider = new sdk.MeterProvider({ readers: [reader] })
  metrics.setGlobalMeterProvider(provider)
  t.teardown(async () => {
    metrics.disable()
    await provider.shutdown()
  })
  const { measure } = await import(new URL('opentelemetry.mjs', examples).href)
  measure(peers)
  const names = {
    connections: 'tcp.keepalive.connections',
    silence: 'tcp.keepalive.silence.max',
    unanswered: 'tcp.keepalive.unanswered_probes',
    warned: 'tcp.keepalive.warned_connections',
    applied: 'tcp.keepalive.applied',
    lost: 'tcp.keepalive.lost',
    lostAfter: 'tcp.keepalive.lost_silence',
  }
  return {
    names,
    async read() {
      await provider.forceFlush()
      const all =
        exporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? []
      return Object.fromEntries(all.flatMap(samplesOf))
    },
  }
}

function samplesOf({ descriptor, dataPoints }: Metric): [string, number][] {
  return dataPoints.map(({ attributes, value }) => {
    const labels = Object.entries(attributes).map(([name, text]) => `${name}="${text}"`)
    return [`${descriptor.name}{${labels.join()}}`, typeof value === 'number' ? value : value.count]
  })
}

async function tryMetrics(
  t: ExecutionContext,
  { server, port, accepted }: Listening,
  metrics: Metrics,
): Promise<void> {
  const { names, read } = metrics
  const socket = await connected(t, net.connect(port, '127.0.0.1'))
  const plain = await connected(t, net.connect(port, '127.0.0.1'))
  while (accepted.length < 2) await once(server, 'connection')
  holdKeepAlive(socket, { detectWithin: 30_000 })
  const { silentFor, unansweredProbes } = getTcpInfo(socket)
  const toldAt = performance.now()

  const open = await read()
  t.is(open[`${names.connections}{peer="echo",keepalive="on"}`], 1)
  t.is(open[`${names.connections}{peer="echo",keepalive="off"}`], 1)
  t.is(open[`${names.connections}{peer="other",keepalive="off"}`], 2) // the server's ends
  t.is(open[`${names.warned}{peer="echo",code="off"}`], 1)
  t.is(open[`${names.unanswered}{peer="echo"}`], unansweredProbes)
  const silence = open[`${names.silence}{peer="echo"}`]
  if (silentFor === undefined) t.is(silence, undefined)
  else {
    const most = silentFor + performance.now() - toldAt + KERNEL_MS
    t.true(silence !== undefined && silence >= silentFor / 1000 && silence <= most / 1000, `${silence} s`)
  }
  const lostTo = (outcome: string): string =>
    `${names.lost}{peer="echo",outcome="${outcome}",doing="waiting"}`
  t.is(open[`${names.applied}{peer="echo",by="hold"}`], 1)
  t.is(open[lostTo('reset')] ?? 0, 0)

  const ends = [socket, plain].map((each) => new Promise((resolve) => each.once('close', resolve)))
  for (const end of accepted) end.resetAndDestroy()
  await Promise.all(ends)

  const reset = await read()
  t.is(reset[`${names.connections}{peer="echo",keepalive="on"}`] ?? 0, 0)
  t.is(reset[`${names.connections}{peer="echo",keepalive="off"}`] ?? 0, 0)
  t.is(reset[`${names.warned}{peer="echo",code="off"}`] ?? 0, 0)
  t.is(reset[`${names.silence}{peer="echo"}`] ?? 0, 0)
  t.is(reset[`${names.applied}{peer="echo",by="hold"}`], 1)
  t.is(reset[lostTo('reset')], 1) // the held one
  t.is(reset[lostTo('no-answer')] ?? 0, 0)
  t.is(reset[`${names.lostAfter}{peer="echo",outcome="reset"}`], silentFor === undefined ? undefined : 1)
}

test.serial('prom-client: gauges of open connections, and counters of held and lost ones', async (t) => {
  const server = await listening(t)
  await tryMetrics(t, server, await prometheus({ [server.port]: 'echo' }))
})

/** The rule in docs/seeing.md. */
const RULE = /```yaml\n(groups:[^`]+)```/.exec(
  readFileSync(new URL('../docs/seeing.md', import.meta.url), 'utf8'),
)?.[1]

test('the alert rule of docs/seeing.md uses metrics of the prom-client example, and fires at the first loss', async (t) => {
  const { names, read } = await prometheus({ 5432: 'postgresql' })
  const samples = await read()
  const [, by = '', name = ''] =
    /expr: sum by \(([^)]+)\) \(increase\((\w+)\[5m\]\)\) > 0/.exec(RULE ?? '') ?? []
  t.is(name, names.lost)
  for (const outcome of ['no-answer', 'reset']) {
    const series = Object.keys(samples).filter((each) =>
      each.startsWith(`${name}{peer="postgresql",outcome="${outcome}"`),
    )
    t.true(series.length > 0)
    for (const label of by.split(', '))
      t.true(
        series.every((each) => each.includes(`${label}="`)),
        label,
      )
  }
})

test.serial('OpenTelemetry: gauges of open connections, and counters of held and lost ones', async (t) => {
  const server = await listening(t)
  await tryMetrics(t, server, await openTelemetry(t, { [server.port]: 'echo' }))
})
