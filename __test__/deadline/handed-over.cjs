// Hands 2 MB over to a peer that reads only later, under a deadline of 5 s, and ends.
// node handed-over.cjs PORT set|hold|install|tls|raw end|destroy|destroySoon|exit
const net = require('node:net')
const tls = require('node:tls')
const { holdKeepAlive, installKeepAlive, setKeepAlive } = require('tcp-keepalive')

const [, , port, way, ending] = process.argv
const DEADLINE = { detectWithin: 5000 }
const DATA = Buffer.alloc(2 * 1024 * 1024, 'x')

if (way === 'install') installKeepAlive(DEADLINE)
const to = { port: Number(port), host: '127.0.0.1', rejectUnauthorized: false }
const socket = way === 'tls' ? tls.connect(to) : net.connect(to)
socket.on('error', (error) => process.stderr.write(`${error}\n`))
socket.once(way === 'tls' ? 'secureConnect' : 'connect', () => {
  if (way === 'set' || way === 'tls') setKeepAlive(socket, DEADLINE)
  if (way === 'raw') setKeepAlive(socket, { userTimeout: 3500 })
  if (way === 'hold') holdKeepAlive(socket, DEADLINE)
  socket.write(DATA, () => {
    // All of it is with the kernel, which sends what the window has room for.
    if (ending === 'exit') process.exit()
    else socket[ending]()
    process.stdout.write('ended')
  })
})
