/** @grpc/grpc-js: it gives no way to its sockets. It needs no 'error' listener. */
import { Client, credentials } from '@grpc/grpc-js'
import { installKeepAlive } from 'tcp-keepalive'

export function connect({ address }) {
  installKeepAlive({ detectWithin: 30_000 }, { match: Number(address.split(':')[1]) })
  return new Client(address, credentials.createInsecure())
}
