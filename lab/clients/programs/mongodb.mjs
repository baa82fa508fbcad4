export default {
  config: ({ host, port, tls }, own) => ({
    url: `mongodb://${host}:${port}/${tls ? '?tls=true&tlsInsecure=true' : ''}`,
    options: own,
  }),
  own: (seconds) => ({ keepAliveInitialDelay: seconds * 1000 }),
  left: '120/1/10',
  leftByOwn: '45/1/10',
  open: ({ MongoClient }, { url, options }) => new MongoClient(url, options),
  use: (client) => client.connect(),
  close: (client) => client.close(true),
}
