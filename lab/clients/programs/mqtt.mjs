export default {
  package: 'mqtt',
  server: 'mosquitto',
  tls: true,
  config: ({ host, port, tls }) => ({
    host,
    port,
    protocol: tls ? 'mqtts' : 'mqtt',
    rejectUnauthorized: false,
    reconnectPeriod: 100,
  }),
  way: "`client.on('connect', () => client.stream)`",
  left: 'off',
  overwrites: 'never',
  open: ({ connect }, config, listen) => listen(connect(config)),
  use: (client) => client.publishAsync('test', 'text', { qos: 1 }),
  close: (client) => client.endAsync(true),
  clock: {
    own: { keepalive: 5 }, // its ping, in seconds
    connect: ({ connectAsync }, config, lost) =>
      connectAsync(config).then((client) =>
        client.on('error', lost).on('close', () => lost({ code: 'close' })),
      ),
    write: (client) => client.publishAsync('test', 'text', { qos: 1 }),
    async wait(client) {
      await client.subscribeAsync('nothing')
      return new Promise(() => {})
    },
  },
}
