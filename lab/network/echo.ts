import type { Lab } from './lab.ts'
import type { Program } from './program.ts'

export const echoPort = 7000

/** A server that sends everything back. */
export async function startEcho(lab: Lab): Promise<Program<void>> {
  const echo = lab.server.start(async (at: number, { tell }) => {
    const net = await import('node:net')
    const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket))
    server.listen(at, '::', () => tell('listening'))
  }, echoPort)
  await echo.event('listening')
  return echo
}

/** A connection to it. The program reports its events, and writes the messages that it gets. */
export async function connect(
  lab: Lab,
  keepAlive = false,
  host: string = lab.server.address,
): Promise<Program<void>> {
  const program = lab.client.start(
    async (to, { tell, next }) => {
      const { default: events } = await import('node:events')
      const net = await import('node:net')
      const socket = net.connect(to.port, to.host)
      // Node then sets 1 s until the first probe, 1 s between probes, 10 probes.
      if (to.keepAlive) socket.setKeepAlive(true, 1000)
      await events.once(socket, 'connect')
      tell('connected', socket.localPort)
      socket.on('data', (data) => tell('data', String(data)))
      socket.on('error', (error: NodeJS.ErrnoException) => tell('error', error.code))
      for (;;) socket.write(await next<string>())
    },
    { host, port: echoPort, keepAlive },
  )
  await program.event('connected')
  return program
}

export async function echoed(client: Program<void>, text: string): Promise<unknown> {
  client.send(text)
  return (await client.event('data')).data
}
