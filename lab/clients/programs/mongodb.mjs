export default {
  package: 'mongodb',
  tls: true,
  config: ({ host, port, tls }, own) => ({
    url: `mongodb://${host}:${port}/${tls ? '?tls=true&tlsInsecure=true' : ''}`,
    options: own,
  }),
  own: { keepAliveInitialDelay: 45_000 },
  way: 'none',
  left: '120/1/10',
  leftByOwn: '45/1/10',
  overwrites: 'never',
  open: ({ MongoClient }, { url, options }) => new MongoClient(url, options),
  use: (client) => client.connect(),
  close: (client) => client.close(true),
}
