export default {
  config: ({ host, port, tls }) => ({
    brokers: [`${host}:${port}`],
    ssl: tls && { rejectUnauthorized: false },
    logLevel: 0,
    retry: { retries: 0 },
  }),
  way: '`socketFactory`, which makes it',
  left: '60/1/10',
  open: ({ Kafka }, config) => new Kafka(config).admin(),
  fromExample: (connect, config) => connect(config).admin(),
  use: (admin) => admin.connect(),
  close: (admin) => admin.disconnect(),
}
