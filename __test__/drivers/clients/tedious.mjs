export default {
  package: 'tedious',
  config: ({ host, port }) => ({
    server: host,
    authentication: { type: 'default', options: { userName: 'test', password: 'test' } },
    options: { port, encrypt: false },
  }),
  way: '`options.connector`, which makes it',
  left: '30/1/10',
  overwrites: 'always',
  open: ({ Connection }, config) => new Connection(config).on('error', () => {}),
  fromExample: (connect, config) => connect(config).on('error', () => {}),
  use: (connection) => connection.state.name === 'Initialized' && connection.connect(() => {}),
  close: (connection) => connection.close(),
}
