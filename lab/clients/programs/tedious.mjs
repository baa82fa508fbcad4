export default {
  connectsOnce: true,
  config: ({ host, port, tls }) => ({
    server: host,
    authentication: { type: 'default', options: { userName: 'test', password: 'test' } },
    // Without 'strict', TLS begins within the protocol, which the recording server does not speak.
    options: { port, encrypt: tls ? 'strict' : false, trustServerCertificate: true },
  }),
  way: '`options.connector`, which makes it',
  left: '30/1/10',
  overwrites: 'always',
  open: ({ Connection }, config, listen) => listen(new Connection(config)),
  use: (connection) => connection.state.name === 'Initialized' && connection.connect(() => {}),
  close: (connection) => connection.close(),
}
