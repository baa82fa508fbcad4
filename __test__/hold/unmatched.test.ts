/** An install whose `match` fits no connection reports this once: after a minute, or when the program ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import test from 'ava'

/** Connects this often to itself, by each of its hosts, and stays this long. */
const PROGRAM = `
  const { subscribe } = require('node:diagnostics_channel')
  const net = require('node:net')
  const [count, stay, ...hosts] = process.argv.slice(1)
  subscribe('tcp-keepalive:unmatched', (message) => console.log(JSON.stringify(message)))
  const server = net.createServer((socket) => socket.on('error', () => {}).resume())
  server.listen(Number(process.env.PORT), '127.0.0.1', async () => {
    const { port } = server.address()
    for (const host of hosts) {
      for (let made = 0; made < Number(count); made++) {
        const socket = net.connect({ port, host, family: 4 })
        await new Promise((resolve) => socket.once('connect', resolve))
        socket.destroy()
      }
    }
    console.log(port)
    setTimeout(() => process.exit(), Number(stay))
  })`

interface Said {
  readonly port: number
  readonly messages: readonly { readonly connections: readonly object[] }[]
  readonly lines: readonly string[]
}

async function run(args: readonly string[], variables: Readonly<Record<string, string>>): Promise<Said> {
  const env = { ...process.env, NODE_OPTIONS: '', PORT: '0', TCP_KEEPALIVE_LOG: '1', ...variables }
  const words = ['--require=tcp-keepalive/register', '-e', PROGRAM, ...args]
  const child = spawn(process.execPath, words, {
    env,
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const all = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  const port = all.find((each) => typeof each === 'number') as number
  const messages = all.filter((each) => typeof each === 'object') as Said['messages']
  return { port, messages, lines: errors.split('\n').filter((line) => line !== '') }
}

test('reported at the end of the program, with the addresses it connected to, the most frequent first', async (t) => {
  const match = { TCP_KEEPALIVE_MATCH: '*:1,10.0.0.0/8:*' }
  const one = await run(['1', '0', 'localhost'], match)
  t.deepEqual(one.messages, [{ connections: [{ host: 'localhost', port: one.port, count: 1 }] }])
  t.deepEqual(one.lines, [
    `tcp-keepalive: 1 connection to localhost:${one.port} did not match, and none has so far`,
  ])
  const twelve = await run(['12', '0', '127.0.0.1'], match)
  t.deepEqual(twelve.lines, [
    `tcp-keepalive: 12 connections to 127.0.0.1:${twelve.port} did not match, and none has so far`,
  ])
})

test('a name that no lookup resolved counts as unmatched too', async (t) => {
  const { port, lines } = await run(['2', '0', '127.0.0.1'], { TCP_KEEPALIVE_MATCH: 'db.invalid' })
  t.deepEqual(lines, [`tcp-keepalive: 2 connections to 127.0.0.1:${port} did not match, and none has so far`])
})

test('not reported if anything has matched, and not without a match', async (t) => {
  const two = await run(['3', '0', '127.0.0.1', 'localhost'], { TCP_KEEPALIVE_MATCH: 'localhost' })
  t.deepEqual([two.messages, two.lines], [[], []])
  const all = await run(['3', '0', '127.0.0.1'], {})
  t.deepEqual([all.messages, all.lines], [[], []])
})

test('reported after a minute in a program that continues, and never again', async (t) => {
  t.timeout(180_000)
  const { port, messages } = await run(['2', '65000', '127.0.0.1'], { TCP_KEEPALIVE_MATCH: '*:1' })
  t.deepEqual(messages, [{ connections: [{ host: '127.0.0.1', port, count: 2 }] }])
})
