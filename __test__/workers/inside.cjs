// The program of a thread or a process.
const { parentPort } = require('node:worker_threads')
const { look } = require('./look.cjs')

look((isCovered) => {
  if (parentPort) parentPort.postMessage(isCovered)
  else process.send(isCovered, () => process.exit())
})
