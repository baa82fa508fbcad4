/** Waits for data until the system aborts the connection. Prints its port, and then the error. For Node on Windows. */
const { connect, createServer } = require('node:net')

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)

const server = createServer((accepted) => accepted.on('error', () => {})).listen(0, '127.0.0.1', () => {
  const socket = connect(server.address().port, '127.0.0.1', () => say({ port: socket.localPort }))
  socket.on('error', ({ code, syscall }) => {
    say({ code, syscall })
    process.exit()
  })
})
