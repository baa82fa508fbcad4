// What the programs of this folder share: values, connections within the process, and claims that are proved in several ways.
'use strict'
const { once } = require('node:events')
const net = require('node:net')

const HELD = { time: 16_000, interval: 2000, retries: 5, userTimeout: 25_500 }
const OTHER = { time: 40_000, interval: 7000, retries: 3, userTimeout: 61_000 }
const on = (values) => ({ enabled: true, ...values })

/** A server on loopback, connections to it, and the end of all. */
async function open() {
  const [accepted, clients] = [[], []]
  const server = net.createServer((socket) => accepted.push(socket.on('error', () => {})))
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
  return { accepted, port, connect, close }
}

/** @returns how many held, each claim in each of these ways */
async function prove(claims, ways, check) {
  let held = 0
  for (const [claim, proof] of Object.entries(claims)) {
    for (const [way, given] of Object.entries(ways)) {
      try {
        await check(proof, given)
      } catch (cause) {
        throw new Error(`${claim}, ${way}`, { cause })
      }
      held += 1
    }
  }
  return held
}

module.exports = { HELD, OTHER, on, open, prove }
