/** Runs on the laboratory's client: connections that write as much as they can, with a deadline. */
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { getTcpInfo, installKeepAlive } from 'tcp-keepalive'
import { now, watchPauses } from '../pauses.mjs'

const CHUNK = Buffer.alloc(64 * 1024, 'x')

/** `all`: name, port, whether over TLS. `options`: the install's; without them there is no install. */
export async function runWriters({ host, all, options }, { tell, next }) {
  if (options !== undefined) installKeepAlive(options)
  const pausedSince = watchPauses()
  const sockets = new Map()
  const writing = new Set()
  for (const { name, port, secure } of all) {
    const socket = secure ? tls.connect({ port, host, rejectUnauthorized: false }) : net.connect(port, host)
    sockets.set(name, socket)
    writing.add(name)
    const write = () => {
      if (writing.has(name)) while (socket.write(CHUNK));
    }
    let told = false
    const end = (code) => {
      if (!told) tell('lost', { name, code, at: now(), pausedMs: pausedSince(now() - 60_000) })
      told = true
    }
    socket.on(secure ? 'secureConnect' : 'connect', write).on('drain', write)
    socket
      .on('error', ({ code }) => end(code))
      .on('close', () => end('close'))
      .resume()
  }
  const actions = {
    /** Stops writing, and waits until all data is acknowledged. */
    async drain(names) {
      for (const name of names) writing.delete(name)
      for (const name of names) while (!isDrained(sockets.get(name))) await sleep(10)
      tell('drained')
    },
    write(names) {
      tell('wrote', now())
      for (const name of names) sockets.get(name).write('x')
    },
    sent() {
      tell('sent', Object.fromEntries([...sockets].map(([name, { bytesWritten }]) => [name, bytesWritten])))
    },
  }
  for (;;) {
    const { action, names } = await next()
    await actions[action](names)
  }
}

function isDrained(socket) {
  if (socket.destroyed) return true
  const { unacknowledged, unsent } = getTcpInfo(socket)
  return socket.writableLength === 0 && unacknowledged === 0 && unsent === 0
}
