/** tedious: a socket may be handed to it, but it sets values of its own on that, which a hold keeps off. */
import { once } from 'node:events'
import { connect as open } from 'node:net'
import { holdKeepAlive } from 'tcp-keepalive'
import { Connection } from 'tedious'

export function connect({ server, authentication, options: { port, ...options } }) {
  const connector = async () => {
    const socket = open(port, server)
    holdKeepAlive(socket, { detectWithin: 30_000 })
    await once(socket, 'connect')
    return socket
  }
  const connection = new Connection({ server, authentication, options: { ...options, connector } })
  connection.on('error', (error) => console.error(error.message)) // without it a lost connection ends the program
  return connection
}
