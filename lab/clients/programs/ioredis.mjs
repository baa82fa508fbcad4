export default {
  server: 'redis',
  config: ({ host, port, tls }) => ({ host, port, tls: tls ? { rejectUnauthorized: false } : undefined }),
  own: (seconds) => ({ keepAlive: seconds * 1000 }),
  way: "`redis.on('connect', () => redis.stream)`",
  left: '30/1/10',
  leftByOwn: '45/1/10',
  overwrites: 'always',
  open: ({ Redis }, config, listen) => listen(new Redis(config)),
  use: (redis) => redis.ping(),
  close: (redis) => redis.disconnect(),
  clock: {
    connect: ({ Redis }, config, lost) =>
      new Redis(config).on('error', lost).on('close', () => lost({ code: 'close' })),
    wait: (redis) => redis.blpop('nothing', 0),
  },
}
