/** Finds the descriptor beneath a socket, a server or a TLS socket. */
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
 * The class in a variable of its own. `node:net` exports so many names that V8 stores them in a hash table, and each look-up of the
 * class would take 80 instructions (`npm run bench -- instructions`).
 */
const SocketClass = Socket

export function isSocket(target: unknown): target is Socket {
  return target instanceof SocketClass
}

/** Stands for a descriptor that does not exist yet: the socket is not connected, or the server does not listen. */
export const NOT_YET = -1

/**
 * The descriptor beneath `target`. Use it in the same tick: after a later `destroy()`, the number may belong to another
 * file.
 */
export function descriptorOf(target: Target): number {
  if (isSocket(target)) return socketDescriptor(target)
  if (typeof target === 'number') return rawDescriptor(target)
  if (target instanceof Server) return serverDescriptor(target)
  throw notTarget(target, 'a net.Socket, a tls.TLSSocket, a net.Server or a descriptor')
}

/** @param expected the types that are allowed, as text */
export function notTarget(target: unknown, expected: string): TypeError {
  const instead = explained()?.insteadOf(target)
  return invalidArgType('target', instead === undefined ? expected : `${expected} (${instead})`, target)
}

function socketDescriptor(socket: Socket): number {
  if (socket.destroyed) throw destroyed()
  // A connecting socket has a descriptor, but happy eyeballs may still replace it, and Node writes its own values
  // at 'connect'.
  // TLS over a socket that was not connected yet treats it as a stream, and has no descriptor itself.
  const fd = socket.connecting ? undefined : (handleDescriptor(socket) ?? handleDescriptor(beneath(socket)))
  if (fd !== undefined) return fd // for a pipe, the system call fails later
  if (isPipe(socket)) throw notTcp()
  if (socket.pending) return NOT_YET // connecting, or `new net.Socket()` before `connect()`
  return found(socket)
}

function serverDescriptor(server: Server): number {
  if (isPipe(server)) throw notTcp()
  const fd = handleDescriptor(server)
  if (fd !== undefined) return fd
  // A server whose listener is in the cluster primary is listening, but has no descriptor in this process.
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
