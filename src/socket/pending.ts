/** Values for a socket that is not connected yet, or a server that does not listen yet. */
import { type Server, Socket } from 'node:net'
import { notConnected, notListening } from './errors.ts'
import { reportFailure } from './failure.ts'
import { shared } from './shared.ts'
import { descriptorOf, NOT_YET } from './target.ts'

type Put = (fd: number) => void

/** What waits, in the order in which it was asked for. */
const waiting = shared('waiting', () => new WeakMap<Socket | Server, Put[]>())

/**
 * Calls `put` with the descriptor as soon as there is one: at the next 'connect' or 'listening', before the
 * program's own listeners. What it throws is reported, as nobody stands there to catch it.
 */
export function setWhenReady(target: Socket | Server, put: Put): void {
  const puts = waiting.get(target)
  if (puts) puts.push(put)
  else waiting.set(target, [put])
  // Anew each time, as the program may have removed all listeners since.
  target.removeListener(eventOf(target), onReady)
  target.prependListener(eventOf(target), onReady)
}

/** Puts what waits for this socket at once, so that whoever calls can have the last word. */
export function putWaiting(target: Socket | Server): void {
  const puts = waiting.get(target)
  if (!puts) return
  waiting.delete(target)
  target.removeListener(eventOf(target), onReady)
  for (const put of puts) attempt(target, put)
}

function onReady(this: Socket | Server): void {
  this.removeListener(eventOf(this), onReady) // also where another copy of this package was quicker
  putWaiting(this)
}

function eventOf(target: Socket | Server): 'connect' | 'listening' {
  return target instanceof Socket ? 'connect' : 'listening'
}

function attempt(target: Socket | Server, put: Put): void {
  try {
    const fd = descriptorOf(target)
    if (fd === NOT_YET) throw target instanceof Socket ? notConnected() : notListening()
    put(fd)
  } catch (error) {
    reportFailure(target, error)
  }
}
