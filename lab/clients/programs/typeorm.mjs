export default {
  over: 'pg',
  server: 'postgres',
  config: ({ host, port }) => ({ host, port, user: 'postgres', database: 'postgres' }),
  open: ({ DataSource }, { user, ...config }) =>
    new DataSource({ type: 'postgres', username: user, ...config }),
  async use(source) {
    if (!source.isInitialized) await source.initialize()
    await source.query('select 1')
  },
  close: (source) => source.destroy(),
}
