// Bun's own client for Redis, or Deno's for HTTP, controlled by lines. It answers in lines of JSON.
const { readlinkSync } = require('node:fs')
const { createInterface } = require('node:readline')
const { installKeepAlive } = require('../../../dist/index.cjs')

const [, , host, port, deadline] = process.argv

/** For how long a client may try to connect again. */
const PATIENCE_MS = 60_000

const clients = {
  bun() {
    const client = new globalThis.Bun.RedisClient(`redis://${host}:${port}`)
    client.connect().catch(() => {})
    return { use: () => client.ping(), wait: () => client.send('BLPOP', ['nothing', '0']) }
  },
  deno() {
    const get = async (path) => {
      const answer = await fetch(`http://${host}:${port}${path}`)
      await answer.text()
    }
    return { use: () => get('/'), wait: () => get('/never') }
  },
}

function tell(name, data) {
  const at = performance.timeOrigin + performance.now()
  process.stdout.write(`${JSON.stringify({ name, at, data })}\n`)
}

async function persist(use) {
  for (const end = Date.now() + PATIENCE_MS; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    try {
      return await use()
    } catch (error) {
      if (Date.now() > end) throw error
    }
  }
}

async function main() {
  const { watchPauses } = await import('../../../lab/pauses.mjs')
  const pausedSince = watchPauses()
  installKeepAlive({ detectWithin: Number(deadline) }, { reach: 'process', match: Number(port) })
  const { use, wait } = clients['Bun' in globalThis ? 'bun' : 'deno']()
  tell('pid', Number(readlinkSync('/proc/self'))) // as the system outside counts
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'use') {
      await persist(use)
      tell('used')
    } else {
      const since = performance.timeOrigin + performance.now()
      wait().catch((error) => tell('told', { message: String(error), paused: pausedSince(since) }))
      tell('waits')
    }
  }
}
void main()
