/** Stands between clients and their servers: it forwards everything, counts connections and can reset them. */
import type { Host } from '../network/host.ts'
import type { Inside, Program } from '../network/program.ts'
import { certificate } from './certificate.ts'

/** One port of the relay, for one client. */
export interface Relayed {
  readonly port: number
  /** How many connections have received data so far. */
  connections(): number
  /** Ends all its connections, as a server does that restarts. */
  drop(): Promise<void>
}

interface Way {
  /** The server's port on the same host. Without it, the relay accepts everything and answers nothing. */
  readonly target?: number
  readonly tls?: boolean
}

export class Relay {
  readonly #program: Program<void>

  constructor(host: Host) {
    this.#program = host.start(work, certificate)
  }

  async open(way: Way): Promise<Relayed> {
    this.#program.send({ open: way })
    const { data: port } = await this.#program.event<number>('opened')
    return {
      port,
      connections: () => this.#program.told('connection').filter((one) => one === port).length,
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

const work = async (identity: typeof certificate, { tell, next }: Inside): Promise<void> => {
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
    const server = way.tls ? tls.createServer(identity, take) : net.createServer(take)
    server.listen(0, () => {
      const { port } = server.address() as { port: number }
      open.set(port, sockets)
      tell('opened', port)
    })
  }
  for (;;) {
    const message = await next<{ open?: Way; drop?: number }>()
    if (message.open !== undefined) listen(message.open)
    for (const socket of open.get(message.drop ?? 0) ?? []) socket.destroy()
    if (message.drop !== undefined) tell('dropped')
  }
}
