// Sets values on a connection of its own, and prints the value or the error. node --permission [--allow-addons] permission.cjs
'use strict'
const { getKeepAlive, setKeepAlive } = require('tcp-keepalive')
const { open } = require('./shared.cjs')

async function main() {
  const { connect, close } = await open()
  const socket = await connect()
  try {
    setKeepAlive(socket, { time: 16_000 })
    console.log(JSON.stringify({ time: getKeepAlive(socket).time }))
  } catch ({ code, message }) {
    console.log(JSON.stringify({ code, message }))
  }
  close()
}

void main()
