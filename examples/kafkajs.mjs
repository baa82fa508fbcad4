/** kafkajs: it takes a function that makes its sockets. */
import { connect as open } from 'node:net'
import { Kafka } from 'kafkajs'
import { setKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  return new Kafka({ ...config, socketFactory })
}

function socketFactory({ host, port, onConnect }) {
  const socket = open({ host, port }, onConnect)
  setKeepAlive(socket, { detectWithin: 30_000 }) // in force as soon as it is connected
  return socket
}
