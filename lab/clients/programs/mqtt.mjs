export default {
  server: 'mosquitto',
  config: ({ tls, ...at }) => ({
    ...at,
    protocol: tls ? 'mqtts' : 'mqtt',
    rejectUnauthorized: false,
    reconnectPeriod: 100,
  }),
  way: "`client.on('connect', () => client.stream)`",
  left: 'off',
  open: ({ connect }, config, listen) => listen(connect(config)),
  use: (client) => client.publishAsync('test', 'text', { qos: 1 }),
  close: (client) => client.endAsync(true),
  clock: {
    own: { keepalive: 5 }, // its ping, in seconds
    connect: ({ connectAsync }, config, lost) =>
      connectAsync(config).then((client) =>
        client.on('error', lost).on('close', () => lost({ code: 'close' })),
      ),
    async wait(client) {
      await client.subscribeAsync('nothing')
      return new Promise(() => {})
    },
  },
}
