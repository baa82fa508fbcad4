export default {
  server: 'http',
  config: ({ host, port, tls }, own) => ({
    origin: `http${tls ? 's' : ''}://${host}:${port}`,
    options: { connections: 1, connect: { rejectUnauthorized: false, ...own } },
  }),
  own: (seconds) => ({ keepAliveInitialDelay: seconds * 1000 }),
  way: '`connect` of `Pool` and `Agent`, which makes it',
  left: '60/1/10',
  leftByOwn: '45/1/10',
  open: ({ Pool }, { origin, options }) => new Pool(origin, options),
  async use(pool) {
    const { body } = await pool.request({ method: 'GET', path: '/' })
    await body.text()
  },
  close: (pool) => pool.destroy(),
}
