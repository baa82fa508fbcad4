import { promisify } from 'node:util'

const same = (bytes) => bytes

export default {
  package: '@grpc/grpc-js',
  server: 'http2',
  tls: true,
  plainExample: true, // whose certificate an example of TLS trusts is not for it to say
  config: ({ host, port, tls }) => ({ address: `${host}:${port}`, tls }),
  way: 'none',
  left: 'off',
  overwrites: 'never',
  open({ Client, credentials }, { address, tls, ...options }) {
    const secure = () => credentials.createSsl(undefined, undefined, undefined, { rejectUnauthorized: false })
    return new Client(address, tls ? secure() : credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.ssl_target_name_override': 'server', // an address is no name, and newer Nodes refuse it as one
      ...options,
    })
  },
  use: (client) =>
    promisify(client.makeUnaryRequest.bind(client))('/test.Test/Ask', same, same, Buffer.alloc(0)),
  close: (client) => client.close(),
}
