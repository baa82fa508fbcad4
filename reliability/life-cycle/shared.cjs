// What the programs of this folder share: values, connections within the process, and running checks in several ways.
'use strict'
const { once } = require('node:events')
const net = require('node:net')

const HELD = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }
const OTHER = { time: 40_000, interval: 7000, retries: 3, userTimeout: 61_000 }
const on = (values) => ({ enabled: true, ...values })

/** A server on loopback, connections to it, and a function that closes all of them. */
async function open() {
  const [accepted, clients] = [[], []]
  const server = net.createServer((socket) => accepted.push(socket.on('error', () => {}).resume()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const connect = async (socket = new net.Socket()) => {
    clients.push(socket.on('error', () => {}))
    const came = once(server, 'connection')
    socket.connect(port, '127.0.0.1')
    await Promise.all([came, once(socket, 'connect')])
    return socket
  }
  const close = () => {
    for (const socket of [...accepted, ...clients]) socket.destroy()
    server.close()
  }
  return { server, accepted, port, connect, close }
}

/** Makes each check in each of these ways. @returns the number of checks made */
async function checkAll(checks, ways, check) {
  for (const [name, proof] of Object.entries(checks)) {
    for (const [way, given] of Object.entries(ways)) {
      try {
        await check(proof, given)
      } catch (cause) {
        throw new Error(`${name}, ${way}`, { cause })
      }
    }
  }
  return Object.keys(checks).length * Object.keys(ways).length
}

module.exports = { HELD, OTHER, on, open, checkAll }
