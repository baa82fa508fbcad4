// Listens on three ports and says which: two whose connections are read and ended with their peers, one that reads nothing.
const net = require('node:net')

const servers = [true, true, false].map((reads) =>
  net.createServer({ pauseOnConnect: !reads }, (socket) => {
    socket.on('error', () => {})
    if (reads) socket.resume()
  }),
)
let listening = 0
for (const server of servers) {
  server.listen(0, '127.0.0.1', 4096, () => {
    listening += 1
    if (listening === servers.length) process.send(servers.map((each) => each.address().port))
  })
}
