export default {
  package: undefined, // part of Node
  server: 'http',
  config: ({ host, port, tls }) => `http${tls ? 's' : ''}://${host}:${port}/`,
  left: '60/1/10',
  open: (_, url) => url,
  use: async (url) => (await fetch(url)).text(),
  close: () => {},
}
