import { once } from 'node:events'

export default {
  package: 'node:http2',
  server: 'http2',
  config: ({ host, port, tls }) => `http${tls ? 's' : ''}://${host}:${port}`,
  way: '`createConnection`, which makes it',
  left: 'off',
  open: (http2, url) => ({
    connect: () => http2.connect(url, { rejectUnauthorized: false }).on('error', () => {}),
  }),
  fromExample: (connect, url) => ({ connect: () => connect(url) }),
  async use(client) {
    if (!client.session || client.session.destroyed) client.session = client.connect()
    const stream = client.session.request({ ':path': '/' }).resume()
    await once(stream, 'close')
    if (stream.rstCode !== 0 || client.session.destroyed) throw new Error('no answer')
  },
  close: (client) => client.session?.destroy(),
}
