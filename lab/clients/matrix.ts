/** The laboratory with the clients' servers, and a relay in front of them. */
import { openLab, type Lab } from '../network/lab.ts'
import { labUnavailable } from '../network/requirements.ts'
import { postgresUnavailable } from '../servers/postgres.ts'
import { Relay, type Relayed } from '../servers/relay.ts'
import type { Server } from '../servers/service.ts'
import { type Client, servers, type ServerName } from './catalogue.ts'

const allServers = Object.keys(servers) as ServerName[]

/** Why this machine cannot start all of this, in one sentence. */
export async function matrixUnavailable(): Promise<string | undefined> {
  const reasons = allServers.map((name) => servers[name].unavailable())
  return (await labUnavailable()) ?? reasons.find(Boolean) ?? (await postgresUnavailable())
}

export class Bench {
  readonly lab: Lab
  readonly #relay: Relay
  readonly #servers: ReadonlyMap<ServerName, Server>

  private constructor(lab: Lab, relay: Relay, started: ReadonlyMap<ServerName, Server>) {
    this.lab = lab
    this.#relay = relay
    this.#servers = started
  }

  /** The servers start at the same time. If one fails, nothing remains. */
  static async open(names: readonly ServerName[] = allServers): Promise<Bench> {
    const lab = await openLab()
    const starting = names.map(async (name) => [name, await servers[name].start(lab.server)] as const)
    const settled = await Promise.allSettled(starting)
    const started = new Map(settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
    const bench = new Bench(lab, new Relay(lab.server), started)
    const failed = settled.find((one) => one.status === 'rejected')
    if (!failed) return bench
    await bench.close()
    throw failed.reason
  }

  /** The port of each server by its name; `https`, and `recording`: a port that accepts everything and answers nothing. */
  async ports(): Promise<Readonly<Record<string, number>>> {
    const all = [...this.#servers].map(([name, { port }]) => [name, port])
    const recording = (await this.#relay.open({})).port
    return { ...Object.fromEntries(all), https: this.#servers.get('http')?.tlsPort, recording }
  }

  /** A port for one client that leads to its server. */
  async wayTo({ server: name }: Client, tls: boolean): Promise<Relayed> {
    const server = name && this.#servers.get(name)
    if (!server) return this.#relay.open({ tls })
    return this.#relay.open({ target: tls ? server.tlsPort : server.port })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop()))
    await this.lab.close()
  }
}

export async function withBench<T>(
  names: readonly ServerName[] | undefined,
  use: (bench: Bench) => Promise<T>,
): Promise<T> {
  const bench = await Bench.open(names)
  try {
    return await use(bench)
  } finally {
    await bench.close()
  }
}
