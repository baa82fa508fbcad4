// A connection with SO_LINGER (linger.c) whose peer does not read; it is closed when somebody asks it. Says how much the kernel took.
const { existsSync, writeFileSync } = require('node:fs')
const net = require('node:net')
const { join } = require('node:path')

const [, , port, length] = process.argv
const { FOLDER } = process.env

const socket = net.connect(Number(port), '127.0.0.1', () => {
  socket.write(Buffer.alloc(Number(length), 'x'))
  socket.on('error', () => {})
  let before = -1
  const settle = setInterval(() => {
    const left = socket._handle.writeQueueSize
    if (left === before) {
      clearInterval(settle)
      process.send({ localPort: socket.localPort, taken: Number(length) - left })
      closeWhenAsked()
    }
    before = left
  }, 300)
})

function closeWhenAsked() {
  const waiting = setInterval(() => {
    if (!existsSync(join(FOLDER, 'asked'))) return
    clearInterval(waiting)
    socket.destroy()
    socket.once('close', () => writeFileSync(join(FOLDER, 'closed'), ''))
  }, 5)
}
process.once('disconnect', () => process.exit())
