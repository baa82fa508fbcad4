// Listens on three ports, and sends their numbers: two read their connections and end them with their peers, one reads nothing.
const { once } = require('node:events')
const net = require('node:net')

const servers = [true, true, false].map((reads) =>
  net.createServer({ pauseOnConnect: !reads }, (socket) => {
    socket.on('error', () => {})
    if (reads) socket.resume()
  }),
)
const listening = servers.map((server) => once(server.listen(0, '127.0.0.1', 4096), 'listening'))
void Promise.all(listening).then(() => process.send(servers.map((each) => each.address().port)))
