/** Stands between a client and its server, passes everything on, and can break every connection; or records alone. */
import { certificate } from './certificate.ts'
import type { Host } from '../network/host.ts'
import type { Program } from '../network/program.ts'

/** One port of the relay, for one client. */
export interface Relayed {
  readonly port: number
  /** How many connections have brought anything so far. */
  connections(): number
  /** Ends all its connections, as a server does that restarts. */
  drop(): Promise<void>
}

export class Relay {
  readonly #program: Program<void>

  private constructor(program: Program<void>) {
    this.#program = program
  }

  static async start(host: Host): Promise<Relay> {
    const program = host.start(work)
    await program.event('ready')
    return new Relay(program)
  }

  /** @param target the server's port on the same host */
  open(target: number | undefined): Promise<Relayed> {
    if (target === undefined) throw new Error('this server has no such port')
    return this.#listen({ target })
  }

  /** A port at which everything is taken and nothing answered. */
  record({ tls }: { tls: boolean }): Promise<Relayed> {
    return this.#listen(tls ? { tls: certificate } : {})
  }

  async #listen(way: Way): Promise<Relayed> {
    this.#program.send({ open: way })
    const { data: port } = await this.#program.event<number>('opened')
    return {
      port,
      connections: () =>
        this.#program.events.filter(({ name, data }) => name === 'connection' && data === port).length,
      drop: async () => {
        this.#program.send({ drop: port })
        await this.#program.event('dropped')
      },
    }
  }

  async stop(): Promise<void> {
    await this.#program.stop()
  }
}

/** Onward to a port; to none, for a recording server, which may speak TLS. */
interface Way {
  readonly target?: number
  readonly tls?: { readonly key: string; readonly cert: string }
}

type Inside = Parameters<Parameters<Host['start']>[0]>[1]

const work = async (_: undefined, { tell, next }: Inside): Promise<void> => {
  const net = await import('node:net')
  const tls = await import('node:tls')
  type Socket = InstanceType<typeof net.Socket>
  const open = new Map<number, Set<Socket>>()
  const follow = (sockets: Set<Socket>, socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const listen = (way: Way): void => {
    const sockets = new Set<Socket>()
    const take = (client: Socket): void => {
      follow(sockets, client)
      client.once('data', () => tell('connection', client.localPort))
      if (way.target === undefined) return
      const onward = net.connect(way.target, '127.0.0.1')
      follow(sockets, onward)
      client.pipe(onward).pipe(client)
      client.on('close', () => onward.destroy())
      onward.on('close', () => client.destroy())
    }
    const server = way.tls ? tls.createServer(way.tls, take) : net.createServer(take)
    server.listen(0, () => {
      const { port } = server.address() as { port: number }
      open.set(port, sockets)
      tell('opened', port)
    })
  }
  tell('ready')
  for (;;) {
    const message = await next<{ open?: Way; drop?: number }>()
    if (message.open !== undefined) listen(message.open)
    for (const socket of open.get(message.drop ?? 0) ?? []) socket.destroy()
    if (message.drop !== undefined) tell('dropped')
  }
}
