/** amqplib: the socket is there once it has connected. Without an 'error' listener a lost connection ends the program. */
import { connect as open } from 'amqplib'
import { setKeepAlive } from 'tcp-keepalive'

export async function connect({ url, socketOptions }) {
  const connection = await open(url, socketOptions)
  setKeepAlive(connection.connection.stream, { detectWithin: 30_000 })
  connection.on('error', (error) => console.error(error.message)) // then 'close': connect again there
  return connection
}
