export default {
  package: 'ioredis',
  server: 'redis',
  tls: true,
  config: ({ host, port, tls }) => ({ host, port, tls: tls ? { rejectUnauthorized: false } : undefined }),
  own: { keepAlive: 45_000 },
  way: "`redis.on('connect', () => redis.stream)`",
  left: '30/1/10',
  leftByOwn: '45/1/10',
  overwrites: 'always',
  open: ({ Redis }, config, listen) => listen(new Redis(config)),
  use: (redis) => redis.ping(),
  close: (redis) => redis.disconnect(),
  clock: {
    own: { keepAlive: 1000 },
    connect: ({ Redis }, config, lost) =>
      new Redis(config).on('error', lost).on('close', () => lost({ code: 'close' })),
    write: (redis) => redis.ping(),
    wait: (redis) => redis.blpop('nothing', 0),
  },
}
