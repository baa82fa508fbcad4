// Sets values on a connection of its own and prints what came of it. node --permission [--allow-addons] permission.cjs
'use strict'
const { once } = require('node:events')
const net = require('node:net')
const { getKeepAlive, setKeepAlive } = require('tcp-keepalive')

async function main() {
  const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect(server.address().port, '127.0.0.1')
  await once(socket, 'connect')
  try {
    setKeepAlive(socket, { time: 16_000 })
    console.log(JSON.stringify({ time: getKeepAlive(socket).time }))
  } catch ({ code, message }) {
    console.log(JSON.stringify({ code, message }))
  }
  socket.destroy()
  server.close()
}

void main()
