export default {
  package: 'nats',
  server: 'nats',
  tls: true,
  config: ({ host, port, tls }) => ({
    servers: `${host}:${port}`,
    reconnectTimeWait: 100,
    tls: tls ? { rejectUnauthorized: false } : null,
  }),
  left: 'off',
  overwrites: 'never',
  open: ({ connect }, config) => ({ connect: () => connect(config) }),
  fromExample: (connect, config) => ({ connect: () => connect(config) }),
  async use(client) {
    client.connection ??= await client.connect()
    await client.connection.flush()
  },
  close: (client) => client.connection?.close(),
}
