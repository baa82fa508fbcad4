/** amqplib: the socket is there once it has connected. */
import { connect as open } from 'amqplib'
import { setKeepAlive } from 'tcp-keepalive'

export async function connect({ url, socketOptions }) {
  const connection = await open(url, socketOptions)
  setKeepAlive(connection.connection.stream, { detectWithin: 30_000 })
  return connection
}
