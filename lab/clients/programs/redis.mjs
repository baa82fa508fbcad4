export default {
  server: 'redis',
  config: (where, own) => ({ socket: { ...where, rejectUnauthorized: false, ...own } }),
  own: (seconds) => ({ keepAliveInitialDelay: seconds * 1000 }),
  left: '30/1/10',
  leftByOwn: '45/1/10',
  underTlsUpTo22: { left: 'off' },
  open: ({ createClient }, config, listen) => listen(createClient(config)),
  async use(client) {
    if (!client.isOpen) await client.connect()
    await client.ping()
  },
  close: (client) => client.destroy(),
  clock: {
    connect: ({ createClient }, config, lost) => createClient(config).on('error', lost).connect(),
    write: (client) => client.ping(),
    wait: (client) => client.blPop('nothing', 0),
  },
}
