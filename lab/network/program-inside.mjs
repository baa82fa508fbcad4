// Runs in a host's Node process: it gets the source text of a function, and calls it. Plain JavaScript, so that Node
// needs no loader. program.ts describes the messages.

const waitingReaders = []
const unreadMessages = []

process.on('message', (message) => {
  if (message.kind === 'begin') void begin(message.source, message.args)
  else deliver(message.message)
})

async function begin(source, args) {
  process.channel.unref() // the channel does not keep the process running
  try {
    // oxlint-disable-next-line no-eval -- a direct eval here lets import() resolve from this package's folder
    const fn = eval(`(${source})`)
    const value = await fn(args, { tell, next })
    process.send({ kind: 'result', value })
  } catch (error) {
    process.send({ kind: 'error', error: partsOf(error) })
  }
}

function tell(name, data) {
  process.send({ kind: 'told', name, at: performance.timeOrigin + performance.now(), data })
}

async function next() {
  if (unreadMessages.length > 0) return unreadMessages.shift()
  process.channel.ref()
  return new Promise((resolve) => waitingReaders.push(resolve))
}

function deliver(message) {
  const reader = waitingReaders.shift()
  if (waitingReaders.length === 0) process.channel.unref()
  if (reader) reader(message)
  else unreadMessages.push(message)
}

function partsOf(error) {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: '' }
  const plain = Object.entries(error).filter(([, value]) => /^(string|number|boolean)$/.test(typeof value))
  return { ...Object.fromEntries(plain), name: error.name, message: error.message, stack: error.stack ?? '' }
}
