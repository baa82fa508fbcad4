/** The old and the new lines in docs/migrating.md run unchanged, and the new line never detects a dead peer later. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import test from 'ava'
import { getKeepAlive, holdKeepAlive, installKeepAlive, planKeepAlive, setKeepAlive } from 'tcp-keepalive'
import * as native from 'tcp-keepalive/native'
import { formatDuration } from '../src/settings/duration.ts'
import { connectedPair, rawDescriptor, readback } from '../lab/readback/readback.ts'

const page = readFileSync(new URL('../docs/migrating.md', import.meta.url), 'utf8')

interface Row {
  readonly from: string
  readonly old: string
  readonly line: string
  /** The versions on the page, for the old and the new line. */
  readonly told: readonly [string, string]
  readonly before: string
}

/** An empty first cell repeats the one above; "all of these" means the rows above it. */
const rows: Row[] = []
for (const part of page.split(/^## /m)) {
  const [from = ''] = part.split('\n', 1)
  let above: string[] = []
  for (const [, first = '', second = '', was = '', is = ''] of part.matchAll(
    /^\| (.*?) ?\| (.*?) \|(.*)\|(.*)\|$/gm,
  )) {
    const [, line] = /`(\S.*?)`/.exec(second) ?? []
    if (line === undefined) continue
    const [, code] = /`(\S.*?)`/.exec(first) ?? []
    const old = first === 'all of these' ? above.join('; ') : (code ?? above.at(-1) ?? '')
    const [beginning = ''] = above
    // net-keepalive's calls take one value each, and follow a line that turns keepalive on.
    const before = old.startsWith('NetKeepAlive') ? beginning : ''
    rows.push({ from, old, line, told: [was.trim(), is.trim()], before })
    if (code !== undefined) above = [...above, code]
  }
}

test('every row of the page is read', (t) => {
  t.is(rows.length, [...page.matchAll(/^\| .*`.*\|$/gm)].length)
  t.true(rows.length >= 17, String(rows.length))
})

/** net-keepalive 4 on Linux: one system call with whole seconds, a count or milliseconds. */
const LEAVE = -1
const NetKeepAlive = {
  setKeepAliveInterval: (socket: net.Socket, ms: number) =>
    native.setKeepAlive(rawDescriptor(socket), true, LEAVE, ms / 1000, LEAVE, LEAVE),
  setKeepAliveProbes: (socket: net.Socket, count: number) =>
    native.setKeepAlive(rawDescriptor(socket), true, LEAVE, LEAVE, count, LEAVE),
  setUserTimeout: (socket: net.Socket, ms: number) =>
    native.setKeepAlive(rawDescriptor(socket), true, LEAVE, LEAVE, LEAVE, ms),
}

/** Node accepts these from 24.19 and 26.4 on. Older versions ignore them. */
const TAKES_FOUR = net.Socket.prototype.setKeepAlive.length === 4

// Sequentially, because an install affects every connection that is made during the test.
for (const { from, old, line, told, before } of rows.filter(({ old }) => !/\.get\w+\(/.test(old))) {
  test.serial(`${from}: ${old} → ${line}`, async (t) => {
    const isFour = /setKeepAlive\(true, \d\S*, /.test(old)
    const was = old.startsWith('socket.setTimeout')
      ? 60_000
      : isFour && !TAKES_FOUR
        ? 120_000
        : await noticedAfter(`${before}; ${old}`)
    // The line that replaces the first one runs before it as well.
    const first = rows.find((row) => row.old === before)?.line ?? ''
    const is = await noticedAfter(`${first}; ${line}`)
    t.true(is <= was, `${is} ms, before ${was} ms`)
    t.deepEqual([was, is].map(formatDuration), told)
  })
}

test.serial('lines that read values from a socket read the same values', async (t) => {
  const reading = rows.filter(({ old }) => /\.get\w+\(/.test(old))
  t.is(reading.length, 3)
  const { client, close } = await connectedPair()
  t.teardown(close)
  setKeepAlive(client, { interval: 7000, retries: 4, userTimeout: 9000 })
  t.deepEqual(
    reading.map(({ line }) => run(line, client)),
    [7000, 4, 9000],
  )
})

/** Runs lines that make or take a socket. Computes from the kernel's values when a dead peer is detected. */
async function noticedAfter(lines: string): Promise<number> {
  if (/createServer/.test(lines)) return acceptedBy(lines)
  if (/http\.Agent|installKeepAlive/.test(lines)) return requestedBy(lines)
  const { client, port, close } = await connectedPair()
  try {
    const made = run(lines.replace('{ port', '{ host: "127.0.0.1", port'), client, port)
    if (!/net\.connect/.test(lines)) return idle(client)
    const socket = made as net.Socket
    if (socket.connecting) await once(socket, 'connect')
    try {
      return idle(socket)
    } finally {
      socket.destroy()
    }
  } finally {
    close()
  }
}

async function acceptedBy(lines: string): Promise<number> {
  const server = run(lines) as net.Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [net.Socket]
  try {
    return idle(accepted)
  } finally {
    accepted.destroy()
    client.destroy()
    server.close()
  }
}

async function requestedBy(lines: string): Promise<number> {
  const server = http.createServer((_, response) => response.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const made = run(lines)
  const agent =
    made instanceof http.Agent ? made : new http.Agent({ keepAlive: true, keepAliveMsecs: 60_000 })
  const { port } = server.address() as net.AddressInfo
  const get = async (): Promise<net.Socket> => {
    const request = http.get({ port, host: '127.0.0.1', agent })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.resume()
    await once(response, 'end')
    return request.socket ?? response.socket
  }
  try {
    await get()
    await new Promise((resolve) => setImmediate(resolve)) // the agent has its socket back
    return idle(await get())
  } finally {
    if (!(made instanceof http.Agent)) (made as { uninstall(): void }).uninstall()
    agent.destroy()
    server.close()
  }
}

function idle(socket: net.Socket): number {
  const held = getKeepAlive(socket)
  const options = held.enabled ? {} : (false as const)
  return planKeepAlive(options, held).detection.idle
}

/** The value of the last line, or the socket that a line makes. */
function run(lines: string, socket?: net.Socket, port?: number): unknown {
  let made: unknown
  const connecting = { ...net, connect: (options: net.NetConnectOpts) => (made = net.connect(options)) }
  const serving = {
    ...connecting,
    createServer: (...given: Parameters<typeof net.createServer>) => (made = net.createServer(...given)),
  }
  const names = {
    net: serving,
    http,
    socket,
    port,
    NetKeepAlive,
    setKeepAlive,
    getKeepAlive,
    holdKeepAlive,
    installKeepAlive,
  }
  const statements = lines.split('; ').filter((each) => each.trim() !== '')
  const last = statements.pop() ?? ''
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- the page is ours
  const program = new Function(...Object.keys(names), `${statements.join('\n')}\nreturn ${last}`)
  const value: unknown = program(...Object.values(names))
  return made ?? value
}

test.serial('options of net.connect() and net.createServer() have a replacement', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  const hold = holdKeepAlive(server, { time: 60_000 })
  await new Promise((resolve) => server.once('listening', resolve))
  const accepted = new Promise<net.Socket>((resolve) => server.once('connection', resolve))
  const { port } = server.address() as net.AddressInfo
  const client = net.connect({ port, host: '127.0.0.1' })
  setKeepAlive(client, { time: 60_000 })
  for (const socket of [await accepted, client]) {
    if (socket.connecting) await new Promise((resolve) => socket.once('connect', resolve))
    t.is(readback(socket).time, 60)
    t.is(readback(socket).enabled, 1)
  }
  for (const socket of [await accepted, client]) socket.destroy()
  hold.release()
  server.close()
})
