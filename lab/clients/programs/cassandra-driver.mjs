export default {
  package: 'cassandra-driver',
  tls: true,
  connectsOnce: true,
  config: ({ host, port, tls }, own) => ({
    contactPoints: [`${host}:${port}`],
    localDataCenter: 'datacenter1',
    socketOptions: own,
    ...(tls && { sslOptions: { rejectUnauthorized: false } }),
  }),
  own: { keepAliveDelay: 45_000 },
  way: 'none',
  left: '60/1/10',
  leftByOwn: '45/1/10',
  overwrites: 'never',
  open: ({ Client }, config) => new Client(config),
  use: (client) => client.connect(),
  close: (client) => client.shutdown(),
}
