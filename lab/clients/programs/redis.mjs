export default {
  package: 'redis',
  server: 'redis',
  tls: true,
  config: ({ host, port, tls }, own) => ({
    socket: { host, port, tls, rejectUnauthorized: false, ...own },
  }),
  own: { keepAliveInitialDelay: 45_000 },
  way: 'none',
  left: '30/1/10',
  leftByOwn: '45/1/10',
  underTlsUpTo22: { left: 'off' },
  overwrites: 'never',
  open: ({ createClient }, config, listen) => listen(createClient(config)),
  async use(client) {
    if (!client.isOpen) await client.connect()
    await client.ping()
  },
  close: (client) => client.destroy(),
  clock: {
    own: { keepAliveInitialDelay: 1000 },
    connect: ({ createClient }, config, lost) => createClient(config).on('error', lost).connect(),
    write: (client) => client.ping(),
    wait: (client) => client.blPop('nothing', 0),
  },
}
