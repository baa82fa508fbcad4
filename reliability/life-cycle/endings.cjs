// Ends, throws or continues within a call of the package. node endings.cjs PLACE HOW [TAIL]
// HOW: exit (code 7) or throw; TAIL "caught": the process catches the error, and continues.
'use strict'
const assert = require('node:assert')
const { subscribe } = require('node:diagnostics_channel')
const { once } = require('node:events')
const net = require('node:net')
const { getKeepAlive, holdKeepAlive, installKeepAlive, setKeepAlive } = require('tcp-keepalive')
const { HELD: VALUES, on, open } = require('./shared.cjs')

const [, , where, how, tail] = process.argv
const pristine = Object.getOwnPropertyDescriptors(net.Socket.prototype)

let happened = false

function inTheMiddle() {
  if (happened) return
  happened = true
  if (how === 'exit') process.exit(7)
  throw Object.assign(new Error('in the middle'), { code: 'MINE' })
}

const getter = {
  ...VALUES,
  get time() {
    return inTheMiddle()
  },
}
const places = {
  'a getter of setKeepAlive': (socket) => setKeepAlive(socket, getter),
  'a getter of holdKeepAlive': (socket) => holdKeepAlive(socket, getter),
  'a getter of installKeepAlive': () => installKeepAlive(getter),
  'a match function': (_socket, connect) => {
    installKeepAlive(VALUES, { match: inTheMiddle })
    connect().on('connect', () => setTimeout(() => process.exit(0), 100)) // its error ends no program
  },
  'a subscriber to tcp-keepalive:apply': (socket) => {
    subscribe('tcp-keepalive:apply', inTheMiddle)
    holdKeepAlive(socket, VALUES)
  },
  'a subscriber to tcp-keepalive:error': (_socket, connect) => {
    subscribe('tcp-keepalive:error', inTheMiddle)
    installKeepAlive(VALUES, { match: () => assert.fail('reported') })
    connect()
  },
  'a connect listener of a held socket': (_socket, connect) => {
    installKeepAlive(VALUES)
    connect().on('connect', inTheMiddle)
  },
  'a connection listener of a held server': (_socket, connect, server) => {
    holdKeepAlive(server, VALUES)
    server.on('connection', inTheMiddle)
    connect()
  },
  'a wrapped setKeepAlive': (socket) => {
    const { setKeepAlive: original } = net.Socket.prototype
    net.Socket.prototype.setKeepAlive = function (...args) {
      inTheMiddle()
      return Reflect.apply(original, this, args)
    }
    holdKeepAlive(socket, { time: 9000 }) // one value, so that the call goes on to the original method
    socket.setKeepAlive(true, 5000)
  },
}

async function main() {
  const { server, port, connect: connected } = await open()
  const connect = () => net.connect(port, '127.0.0.1')
  const socket = await connected()
  if (tail === 'caught') {
    process.once('uncaughtException', (error) => setImmediate(() => void goOn(error, socket, connect)))
  }
  // In an event of its own, as in a program: then the error is an uncaught one.
  setImmediate(() => places[where](socket, connect, server))
}

/** After an error that was caught, everything works as before. */
async function goOn(error, socket, connect) {
  assert.strictEqual(error.code, 'MINE')
  setKeepAlive(socket, VALUES)
  assert.deepStrictEqual(getKeepAlive(socket), on(VALUES))
  const hold = holdKeepAlive(socket, VALUES)
  socket.setKeepAlive(true, 5000)
  assert.deepStrictEqual(getKeepAlive(socket), on(VALUES))
  hold.release()
  setKeepAlive(socket, false)
  if (where.startsWith('a getter')) {
    for (const [name, { value }] of Object.entries(pristine)) {
      assert.strictEqual(Object.getOwnPropertyDescriptor(net.Socket.prototype, name).value, value, name)
    }
  }
  await once(connect(), 'connect')
  console.log('went on')
  process.exit(0)
}

if (require.main === module) void main()
else module.exports = Object.keys(places)
