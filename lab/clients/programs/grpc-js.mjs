import { promisify } from 'node:util'

const same = (bytes) => bytes

export default {
  package: '@grpc/grpc-js',
  server: 'http2',
  plainExample: true, // the example does not say which certificates to trust
  config: ({ host, port, tls }) => ({ address: `${host}:${port}`, tls }),
  left: 'off',
  open({ Client, credentials }, { address, tls, ...options }) {
    const secure = () => credentials.createSsl(undefined, undefined, undefined, { rejectUnauthorized: false })
    return new Client(address, tls ? secure() : credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.ssl_target_name_override': 'server', // newer Nodes refuse an address as a name
      ...options,
    })
  },
  use: (client) =>
    promisify(client.makeUnaryRequest.bind(client))('/test.Test/Ask', same, same, Buffer.alloc(0)),
  close: (client) => client.close(),
}
