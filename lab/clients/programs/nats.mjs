export default {
  server: 'nats',
  config: ({ host, port, tls }) => ({
    servers: `${host}:${port}`,
    reconnectTimeWait: 100,
    tls: tls ? { rejectUnauthorized: false } : null,
  }),
  left: 'off',
  open: ({ connect }, config) => ({ connect: () => connect(config) }),
  fromExample: (connect, config) => ({ connect: () => connect(config) }),
  async use(client) {
    client.connection ??= await client.connect()
    await client.connection.flush()
  },
  close: (client) => client.connection?.close(),
  clock: {
    own: { pingInterval: 2000, maxPingOut: 2 }, // its ping, in milliseconds
    async connect({ connect }, config, lost) {
      const connection = await connect(config)
      void follow(connection, lost)
      return connection
    },
    write: (connection) => connection.flush(),
    wait: (connection) => connection.subscribe('nothing')[Symbol.asyncIterator]().next(),
  },
}

async function follow(connection, lost) {
  for await (const { type } of connection.status()) if (type === 'disconnect') lost({ code: type })
}
