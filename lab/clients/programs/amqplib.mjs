export default {
  server: 'rabbitmq',
  config: ({ host, port, tls }, own) => ({
    url: { protocol: tls ? 'amqps' : 'amqp', hostname: host, port },
    socketOptions: { rejectUnauthorized: false, ...own },
  }),
  own: (seconds) => ({ keepAlive: true, keepAliveDelay: seconds * 1000 }),
  way: '`connection.connection.stream`',
  left: 'off',
  leftByOwn: '45/1/10',
  overwrites: 'with a delay',
  open: ({ connect }, { url, socketOptions }) => ({
    connect: async () => (await connect(url, socketOptions)).on('error', () => {}),
  }),
  fromExample: (connect, config) => ({ connect: () => connect(config) }),
  async use(client) {
    client.channel ??= await openChannel(client)
    await client.channel.assertQueue('test', { autoDelete: true })
  },
  close: (client) => client.connection?.close(),
  clock: {
    async connect({ connect }, { url, socketOptions }, lost) {
      const connection = await connect(url, socketOptions)
      connection.on('error', lost).on('close', lost)
      const channel = await connection.createChannel()
      return channel.on('error', lost)
    },
    write: (channel) => channel.assertQueue('', { exclusive: true }),
    async wait(channel) {
      const { queue } = await channel.assertQueue('', { exclusive: true })
      await channel.consume(queue, () => {})
      return new Promise(() => {})
    },
  },
}

/** amqplib does not reconnect; the program has to. */
async function openChannel(client) {
  client.connection = await client.connect()
  client.connection.on('close', () => (client.channel = undefined))
  return client.connection.createChannel()
}
