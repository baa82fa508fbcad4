/** From what a program has in its hands to the descriptor beneath. */
import { Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { invalidArgType, outOfRange } from '../settings/errors.ts'
import { destroyed, noDescriptor, notTcp } from './errors.ts'
import { findDescriptor, MUST_SEARCH } from './endpoints.ts'
import { beneath, handleDescriptor, isPipe } from './node-internals.ts'
import { explained } from './rest.ts'

/**
 * What keepalive can be set on: a socket, plain or TLS; a server, whose accepted sockets inherit the values; a raw
 * descriptor (on Windows, a SOCKET), which stays the caller's own. A `Duplex` is what the typings of some drivers call
 * their socket; one that is none is refused.
 */
export type Target = Socket | TLSSocket | Server | Duplex | number

/**
 * The class by itself: `node:net` exports an object so large that V8 keeps it as a table, and to look the class up there
 * takes 80 instructions each time (`npm run bench -- instructions`).
 */
const SocketClass = Socket

export function isSocket(target: unknown): target is Socket {
  return target instanceof SocketClass
}

/** The descriptor of something that has none yet: a socket that is not connected, a server that does not listen. */
export const NOT_YET = -1

/**
 * The descriptor beneath `target`, to be used in this very tick: after a later `destroy()` the same number may be
 * somebody else's file.
 */
export function descriptorOf(target: Target): number {
  if (isSocket(target)) return socketDescriptor(target)
  if (typeof target === 'number') return rawDescriptor(target)
  if (target instanceof Server) return serverDescriptor(target)
  throw notTarget(target, 'a net.Socket, a tls.TLSSocket, a net.Server or a descriptor')
}

/** @param expected what a target is */
export function notTarget(target: unknown, expected: string): TypeError {
  const instead = explained()?.insteadOf(target)
  return invalidArgType('target', instead === undefined ? expected : `${expected} (${instead})`, target)
}

function socketDescriptor(socket: Socket): number {
  if (socket.destroyed) throw destroyed()
  // While connecting there is a descriptor, but happy eyeballs may still replace it, and Node writes its own values
  // at 'connect'.
  // TLS around a socket that connected only after that speaks to it as to any stream, and has no descriptor itself.
  const fd = socket.connecting ? undefined : (handleDescriptor(socket) ?? handleDescriptor(beneath(socket)))
  if (fd !== undefined) return fd // if it is a pipe's, the system says so
  if (isPipe(socket)) throw notTcp()
  if (socket.pending) return NOT_YET // connecting, or made by `new net.Socket()` and not connected so far
  return found(socket)
}

function serverDescriptor(server: Server): number {
  if (isPipe(server)) throw notTcp()
  const fd = handleDescriptor(server)
  if (fd !== undefined) return fd
  // A listener that the cluster primary holds is listening, yet has no descriptor in this process.
  return server.listening ? found(server) : NOT_YET
}

function found(target: Socket | Server): number {
  const fd = MUST_SEARCH ? findDescriptor(target) : undefined
  if (fd === undefined) throw noDescriptor()
  return fd
}

function rawDescriptor(fd: number): number {
  if (Number.isInteger(fd) && fd >= 0 && fd <= Number.MAX_SAFE_INTEGER) return fd
  throw outOfRange('target', 'an integer >= 0, the number of a descriptor', fd)
}
