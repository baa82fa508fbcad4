/** Asks a peer immediately whether it lives, without a message of the application protocol. */
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

/** With less time, an ordinary round trip or a busy machine would look like a missing answer. */
const SHORTEST_MS = 100

/** The longest delay of a Node timer, in milliseconds. */
const LONGEST_MS = 2_147_483_647

/** A peer heard from this recently needs no probe. The kernel counts the silence in whole seconds. */
const JUST_HEARD_MS = 1000

/**
 * Asks the peer of a connection now whether it lives. The kernel sends a keepalive probe at once, and the peer's kernel answers it. The
 * application protocol does not see either. Linux only.
 *
 * Resolves to `true` if something came from the peer. No probe is sent if the peer was heard from within the last second. If data is
 * in flight, no probe is sent either, and its acknowledgement is the answer. Resolves to `false` if nothing came in time, or the
 * connection has ended. After `false` the peer may still live behind an outage: destroy the socket, or wait for the kernel.
 *
 * During the call, the connection has other values, so that an unanswered probe does not end it. After `false` they stay until
 * something comes from the peer. If nothing comes, the program's own values are restored at the time at which they would have ended
 * the connection, and it ends. All calls on a connection share one question, which may send more than one probe. Holds do not change
 * the connection meanwhile; values that anything else sets take effect.
 *
 * @param target a connected `net.Socket` or `tls.TLSSocket`, or a raw descriptor
 * @throws RangeError [ERR_OUT_OF_RANGE] if `within` is less than 100 ms. This and all other errors reject the promise
 * @throws TcpKeepAliveError ERR_TCP_KEEPALIVE_BUSY if the peer's window is closed and written data waits, because no probe can be
 *   sent then; ERR_TCP_KEEPALIVE_UNSUPPORTED on systems other than Linux; otherwise as `getTcpInfo`
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
    const message = 'The peer keeps its window closed and written data waits, so no probe can be sent'
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

/** A connection is the same as long as its handle is the same. */
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

/** The length of the binding's row, and where both ends of the connection begin in it (`inspectSocket` in index.d.ts). */
const ROW = 26
const ENDS = 16

/** A connection is the same as long as its ends are the same. Its owner may close the descriptor, and the number may be reused. */
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
