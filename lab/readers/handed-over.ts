/** A program writes 2 MB to a peer that reads only later, with a deadline: how much of it arrives. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { certificate } from '../servers/certificate.ts'

const PROGRAM = fileURLToPath(new URL('handed-over.cjs', import.meta.url))

/** In bytes. */
export const HANDED_OVER: number = 2 * 1024 * 1024

/** See handed-over.cjs; `readAfter` in milliseconds. */
export interface HandOver {
  readonly way: string
  readonly deadline: number
  readonly ending: string
  readonly when?: string | undefined
  readonly readAfter: number
}

export interface Received {
  readonly bytes: number
  /** The values right before the end, in milliseconds. */
  readonly userTimeout: number
  readonly rtoMax: number
  readonly said: string
}

export async function handOver({ way, deadline, ending, when, readAfter }: HandOver): Promise<Received> {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const parameters = [String(port), String(deadline), way, ending, ...(when === undefined ? [] : [when])]
  const child = spawn(process.execPath, [PROGRAM, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    let [told, said] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    const [raw] = (await once(server, 'connection')) as [net.Socket]
    raw.on('error', () => {}) // a reset: the data before it counts
    const socket = way === 'tls' ? secure(raw) : raw
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
    await sleep(readAfter)
    let bytes = 0
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume()
    await new Promise((resolve) => raw.once('close', resolve))
    const [, userTimeout, rtoMax] = /ended (\d+) (-?\d+)/.exec(told) ?? []
    return { bytes, userTimeout: Number(userTimeout), rtoMax: Number(rtoMax), said }
  } finally {
    server.close()
    child.kill('SIGKILL')
  }
}

/** Completes the handshake, and then reads nothing. */
function secure(raw: net.Socket): tls.TLSSocket {
  const socket = new tls.TLSSocket(raw, { isServer: true, ...certificate })
  socket.on('error', () => {})
  socket.pause()
  return socket
}
