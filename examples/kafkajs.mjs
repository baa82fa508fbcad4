/** kafkajs: it takes a function that makes its sockets. It needs no 'error' listener. */
import net from 'node:net'
import tls from 'node:tls'
import { Kafka } from 'kafkajs'
import { setKeepAlive } from 'tcp-keepalive'

export function connect(config) {
  return new Kafka({ ...config, socketFactory })
}

function socketFactory({ host, port, ssl, onConnect }) {
  const socket = ssl ? tls.connect({ ...ssl, host, port }, onConnect) : net.connect({ host, port }, onConnect)
  setKeepAlive(socket, { detectWithin: 30_000 }) // in force as soon as it is connected
  return socket
}
