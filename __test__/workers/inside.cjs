// A thread's or a process's own program.
const { parentPort } = require('node:worker_threads')
const { look } = require('./look.cjs')

look((isCovered) => {
  if (parentPort) parentPort.postMessage(isCovered)
  else process.send(isCovered, () => process.exit())
})
