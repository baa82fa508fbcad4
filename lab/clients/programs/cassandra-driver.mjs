export default {
  connectsOnce: true,
  config: ({ host, port, tls }, own) => ({
    contactPoints: [`${host}:${port}`],
    localDataCenter: 'datacenter1',
    socketOptions: own,
    ...(tls && { sslOptions: { rejectUnauthorized: false } }),
  }),
  own: (seconds) => ({ keepAliveDelay: seconds * 1000 }),
  left: '60/1/10',
  leftByOwn: '45/1/10',
  open: ({ Client }, config) => new Client(config),
  use: (client) => client.connect(),
  close: (client) => client.shutdown(),
}
