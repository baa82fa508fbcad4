/** Connections across the laboratory's router, each with its own values, and their ends. */
import type { KeepAliveOptions } from 'tcp-keepalive'
import { echoPort, startEcho } from './echo.ts'
import type { Lab } from './lab.ts'
import type { Program } from './program.ts'
import { PAUSES, type Pauses } from '../timing.ts'

/** The values of each connection, by its name; `false`: none. */
export type Connections = Readonly<Record<string, KeepAliveOptions | number | false>>

/** Times are in milliseconds since 1970 with fractions, the clock of a capture. */
export interface Loss {
  readonly name: string
  readonly code: string
  readonly outcome: string | undefined
  readonly port: number
  /** The time of the last data from the peer. */
  readonly heardAt: number
  /** The time of the last write; 0: none since the opening. */
  readonly wroteAt: number
  /** The time of the error in the program: up to `pausedMs` after the kernel's decision. */
  readonly lostAt: number
  /** The longest time since `heardAt` in which the program did not run. */
  readonly pausedMs: number
}

interface Opened {
  readonly port: number
  readonly heardAt: number
}

/** Open connections, each of which has got an answer. */
export class Conversation {
  readonly #program: Program<void>
  /** By name: the local port, and the time of the answer. */
  readonly opened: Readonly<Record<string, Opened>>

  constructor(program: Program<void>, opened: Readonly<Record<string, Opened>>) {
    this.#program = program
    this.opened = opened
  }

  get losses(): Loss[] {
    return this.#program.told<Loss>('lost')
  }

  async loss(): Promise<Loss> {
    return (await this.#program.event<Loss>('lost')).data
  }

  /** The next losses, by name. */
  async lossesOf(count: number): Promise<Record<string, Loss>> {
    const all = await Promise.all(Array.from({ length: count }, () => this.loss()))
    return Object.fromEntries(all.map((loss) => [loss.name, loss]))
  }

  /** Writes on one connection; the peer sends the text back if it can. */
  write(name: string, text = '.'): void {
    this.#program.send({ name, text })
  }
}

/** Opens them all from one process on the client, to an echo server that it starts. */
export async function converse(lab: Lab, connections: Connections): Promise<Conversation> {
  await startEcho(lab)
  const program = lab.client.start(
    async ({ host, port, all, pauses }, { tell, next }) => {
      const net = await import('node:net')
      const { setKeepAlive, outcomeOf } = await import('tcp-keepalive')
      const { watchPauses } = (await import(pauses)) as Pauses
      const pausedSince = watchPauses()
      const now = (): number => performance.timeOrigin + performance.now()
      const writers = new Map<string, (text: string) => void>()
      const opening = Object.entries(all).map(async ([name, options]) => {
        const socket = net.connect(port, host)
        let [heardAt, wroteAt] = [0, 0]
        const answered = new Promise((resolve) => void socket.once('data', resolve))
        socket.on('data', () => (heardAt = now()))
        socket.on('error', (error: NodeJS.ErrnoException) => {
          const told = { code: error.code, outcome: outcomeOf(error), lostAt: now() }
          tell('lost', { name, ...told, port: local, heardAt, wroteAt, pausedMs: pausedSince(heardAt) })
        })
        let local = 0
        socket.on('connect', () => {
          local = socket.localPort ?? 0
          if (options !== false) setKeepAlive(socket, options)
          socket.write('.')
        })
        writers.set(name, (text) => {
          wroteAt = now()
          socket.write(text)
        })
        await answered
        return [name, { port: local, heardAt }] as const
      })
      tell('open', Object.fromEntries(await Promise.all(opening)))
      for (;;) {
        const { name, text } = await next<{ name: string; text: string }>()
        writers.get(name)?.(text)
      }
    },
    { host: lab.server.address, port: echoPort, all: connections, pauses: PAUSES },
  )
  const { data } = await program.event<Readonly<Record<string, Opened>>>('open')
  return new Conversation(program, data)
}
