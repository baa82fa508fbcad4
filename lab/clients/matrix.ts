/** The servers of every client library, side by side, and the relay before them. */
import { type Lab, openLab } from '../network/lab.ts'
import { programsAreRoot } from '../network/namespaces.ts'
import { labUnavailable } from '../network/requirements.ts'
import { Relay, type Relayed } from '../servers/relay.ts'
import type { Server } from '../servers/server.ts'
import {
  type Client,
  servers,
  type ServerName,
  serversUnavailable,
  startServers,
  stopServers,
} from './catalogue.ts'

/** Why this cannot be run here, in one sentence. */
export async function matrixUnavailable(): Promise<string | undefined> {
  const root = (await programsAreRoot()) ? 'PostgreSQL refuses to run as root.' : undefined
  return (await labUnavailable()) ?? serversUnavailable() ?? root
}

const allServers = Object.keys(servers) as ServerName[]

/** The servers, each started once, and the relay before them. */
export class Bench {
  readonly lab: Lab
  readonly relay: Relay
  readonly #servers: ReadonlyMap<ServerName, Server>

  private constructor(lab: Lab, relay: Relay, started: ReadonlyMap<ServerName, Server>) {
    this.lab = lab
    this.relay = relay
    this.#servers = started
  }

  static async open(names: readonly ServerName[] = allServers): Promise<Bench> {
    const lab = await openLab()
    try {
      const started = await startServers(lab.server, names)
      return new Bench(lab, await Relay.start(lab.server), started)
    } catch (error) {
      await lab.close()
      throw error
    }
  }

  /** A way to a client's server of its own. */
  async wayTo(client: Client, tls: boolean): Promise<Relayed> {
    const server = client.server && this.#servers.get(client.server)
    if (!server) return this.relay.record({ tls })
    return this.relay.open(tls ? server.tlsPort : server.port)
  }

  async close(): Promise<void> {
    await stopServers(this.#servers)
    await this.relay.stop()
    await this.lab.close()
  }
}
