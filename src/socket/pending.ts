/** Values for a socket that is not connected yet, or a server that does not listen yet. */
import { type Server, Socket } from 'node:net'
import { reportFailure } from './failure.ts'
import { descriptorOf, NOT_YET } from './target.ts'

type Put = (fd: number) => void

/** What waits, in the order in which it was asked for. */
const waiting = new WeakMap<Socket | Server, Put[]>()

/**
 * Calls `put` with the descriptor as soon as there is one: at the next 'connect' or 'listening', before the
 * program's own listeners. What it throws is reported, as nobody stands there to catch it.
 */
export function setWhenReady(target: Socket | Server, put: Put): void {
  const earlier = waiting.get(target)
  if (earlier) {
    earlier.push(put)
    return
  }
  const puts = [put]
  waiting.set(target, puts)
  target.prependOnceListener(target instanceof Socket ? 'connect' : 'listening', () => {
    waiting.delete(target)
    for (const each of puts) attempt(target, each)
  })
}

function attempt(target: Socket | Server, put: Put): void {
  try {
    const fd = descriptorOf(target)
    if (fd !== NOT_YET) put(fd)
  } catch (error) {
    reportFailure(target, error)
  }
}
