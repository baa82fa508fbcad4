/** Asking a peer whether it is there, now, without a message of the protocol. */
import { Server, type Socket } from 'node:net'
import { capabilities, isLinux } from '../settings/capabilities.ts'
import { invalidArgType, milliseconds, outOfRange } from '../settings/errors.ts'
import { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import { notConnected, notTcp, statusError } from './errors.ts'
import { native } from './native.ts'
import { beforeDestroy, beneath, behindProxy, handleDescriptor, handleOf } from './node-internals.ts'
import { questions } from './open-questions.ts'
import { type Probed, readProbed } from './probed.ts'
import { type Asked, Question } from './question.ts'
import { descriptorOf, isSocket, NOT_YET, notTarget, type Target } from './target.ts'

/** How {@link probePeer} asks. */
export interface ProbeOptions {
  /** How long the answer may take, in milliseconds: 100 or more, and longer than the round trip. */
  within: number
}

/** Shorter than this, and an ordinary round trip or a busy machine would be an answer that did not come. */
const SHORTEST_MS = 100

/** What a timer of Node takes. */
const LONGEST_MS = 2_147_483_647

/** Heard from so lately, nobody has to be asked; and the kernel counts the silence in whole seconds. */
const JUST_HEARD_MS = 1000

/**
 * Asks the peer of a connection whether it is there, now: the kernel sends a keepalive probe at once, and what the peer's kernel
 * answers is no part of any protocol above. Linux only.
 *
 * True, too: the peer was heard from within the last second, which asks nothing; data was in flight, for which no probe is sent,
 * and its acknowledgement came. False: nothing came within the time, or the connection has ended. A false peer may still be
 * alive behind an outage: destroy the socket, or wait for the kernel.
 *
 * While it asks, and after `false` until something comes, the connection has other values, under which no unanswered probe ends
 * it; where nothing comes, the program's own are put back when the kernel would have ended it by them, and it does. All calls
 * on a connection share one question, which is asked again within the time. Holds leave such a connection alone; what else sets
 * values meanwhile takes effect.
 *
 * @param target a connected `net.Socket` or `tls.TLSSocket`, or a raw descriptor
 * @throws RangeError [ERR_OUT_OF_RANGE] where `within` is less than 100 ms
 * @throws TcpKeepAliveError ERR_TCP_KEEPALIVE_BUSY where the peer keeps its window closed, so that what is written waits: no probe
 *   can be sent then; ERR_TCP_KEEPALIVE_UNSUPPORTED on other systems than Linux; and as `getTcpInfo` does. All of it rejects the
 *   promise
 *
 * @example
 * probePeer(socket, { within: 500 }).then((isThere) => isThere || socket.destroy())
 */
export async function probePeer(target: Target, options: ProbeOptions): Promise<boolean> {
  const within = checkedWithin(options)
  if (!isLinux(capabilities.platform)) {
    const message = `A peer cannot be asked on ${capabilities.platform}: only Linux probes at once`
    throw new TcpKeepAliveError('ERR_TCP_KEEPALIVE_UNSUPPORTED', message)
  }
  if (target instanceof Server) throw notTarget(target, 'a net.Socket, a tls.TLSSocket or a descriptor')
  const fd = descriptorOf(target)
  if (fd === NOT_YET) throw notConnected()
  const found = checkedState(fd)
  if (found.hasEnded) return false
  if (!found.isConnected) throw notConnected()
  if (found.silence < JUST_HEARD_MS) return true
  return questionOn(target, fd, found).answer(within, found)
}

function questionOn(target: Target, fd: number, found: Probed): Question {
  const open = questions.get(fd)
  if (open instanceof Question && open.isOf(fd)) return open
  if (found.isWindowClosed) {
    const message = 'The peer keeps its window closed, so what is written waits, and no probe can be sent'
    throw new TcpKeepAliveError('ERR_TCP_KEEPALIVE_BUSY', message)
  }
  return new Question(isSocket(target) ? askedSocket(target) : askedDescriptor(fd), fd, found)
}

function checkedWithin(options: unknown): number {
  if (typeof options !== 'object' || options === null) throw invalidArgType('options', 'an object', options)
  const { within } = options as { within?: unknown }
  if (typeof within !== 'number') {
    throw invalidArgType('options.within', 'of type number (milliseconds)', within)
  }
  if (within >= SHORTEST_MS && within <= LONGEST_MS) return within
  const range = `>= ${SHORTEST_MS} && <= ${LONGEST_MS} ${milliseconds(within, SHORTEST_MS)}`
  throw outOfRange('options.within', range, within)
}

function checkedState(fd: number): Probed {
  const row = new Int32Array(1)
  // It also refuses what is no TCP socket, of which nothing may be changed.
  const status = native().getKeepAlive(fd, row)
  if (status !== 0) throw statusError(status, 'getsockopt')
  const found = readProbed(fd)
  if (!found) throw notTcp()
  return found
}

/** As long as it has the same handle it is the same connection. */
function askedSocket(target: Socket): Asked {
  const socket = behindProxy(target)
  const connection = beneath(socket)
  const handle = handleOf(connection)
  const descriptor = (): number | undefined => {
    if (socket.destroyed || handleOf(connection) !== handle) return undefined
    try {
      return descriptorOf(socket)
    } catch {
      return undefined
    }
  }
  const beforeClose = (call: (open: number) => void): (() => void) => {
    const closing = (): void => {
      const open = handleOf(connection) === handle ? handleDescriptor(connection) : undefined
      if (open !== undefined) call(open)
    }
    const undo = [...new Set([socket, connection])].map((each) => beforeDestroy(each, closing))
    return () => {
      for (const each of undo) each()
    }
  }
  return { descriptor, beforeClose }
}

/** Where the binding's row has both ends of a connection (`inspectSocket` in index.d.ts). */
const ROW = 26
const ENDS = 16

/** As long as it has the same ends it is the same connection: somebody else may close it, and the number be used again. */
function askedDescriptor(fd: number): Asked {
  const ends = endsOf(fd)
  return {
    descriptor: () => (ends !== undefined && endsOf(fd) === ends ? fd : undefined),
    beforeClose: () => () => {},
  }
}

function endsOf(fd: number): string | undefined {
  const row = new Int32Array(ROW)
  return native().inspectSocket(fd, row) === 0 ? row.subarray(ENDS).join(' ') : undefined
}
