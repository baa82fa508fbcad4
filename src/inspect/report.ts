/** Reports everything that is known about a socket, or about all sockets of the process. */
import { Server, Socket } from 'node:net'
import { addressText, isLoopback } from '../settings/address-text.ts'
import type { KeepAlive } from '../settings/keepalive.ts'
import { type Detection, detectionOf } from '../settings/detection.ts'
import { deadlineOn, isLifted, solvedOn } from '../deadline/deadline.ts'
import { activeCoordinator } from '../socket/coordination.ts'
import { notConnected, notListening, statusError } from '../socket/errors.ts'
import { native } from '../socket/native.ts'
import { activeTargets, beneath, handleDescriptor } from '../socket/node-internals.ts'
import { descriptorOf, NOT_YET, type Target } from '../socket/target.ts'
import { INFO_LENGTH, type TcpInfo, tcpInfoFrom } from '../socket/tcp-info.ts'
import { VALUES_LENGTH } from '../socket/values.ts'
import { Judgements } from './judgements.ts'
import { overwrittenOn } from './overwritten.ts'
import { type KeepAliveWarning, warningsOf } from './warnings.ts'

/** One end of a connection, or the address of a listening server. */
export interface Endpoint {
  /** The address as text. IPv4 is written as IPv4, also on an IPv6 socket. */
  readonly address: string
  /** The port; 0 if none is bound yet. */
  readonly port: number
}

/** Everything that is known about a socket. */
export interface SocketReport {
  /** The current raw descriptor (on Windows, the SOCKET). */
  readonly descriptor: number
  /** This end. */
  readonly local: Endpoint | undefined
  /** The other end; `undefined` for a listener. */
  readonly remote: Endpoint | undefined
  /** The values in force. */
  readonly keepAlive: KeepAlive
  /** When a dead peer is noticed at the latest, in milliseconds; `Infinity` for never. */
  readonly detection: Detection
  /** What the kernel knows about the connection; `undefined` if this version of the system does not report it. */
  readonly tcpInfo: TcpInfo | undefined
  /**
   * Whether the user timeout of `detectWithin` is lifted. This is so once the peer has closed its window, because the kernel would
   * count that time as if the peer were dead. The deadline still holds. `detection` and `warnings` are computed with the
   * solved user timeout; `keepAlive` has the values in the kernel. Linux; `false` for a raw descriptor.
   */
  readonly lifted: boolean
  /**
   * What holds values on the socket. `reach`: an install with `reach: 'process'`, in any thread, has set them; it does not set them
   * again after a later change by the owner. `undefined`: nothing, or the socket object is unknown. `inspectSockets()` knows only
   * objects that keep the process running, and a raw descriptor has no object.
   */
  readonly heldBy: 'hold' | 'install' | 'reach' | undefined
  /** Problems that a person should look at; empty for a socket without a peer. */
  readonly warnings: readonly KeepAliveWarning[]
}

/** The offsets of the parts in a row of the binding: descriptor, values, information, two ends. */
const VALUES = 1
const INFO = VALUES + VALUES_LENGTH
const LOCAL = INFO + INFO_LENGTH
const REMOTE = LOCAL + 5
const ADOPTED = REMOTE + 5
const ROW = ADOPTED + 1

/** The port of an end within it. */
const PORT = 4

/**
 * Reports everything that is known about a socket: its ends, the values in force, when a dead peer is noticed, what the
 * kernel knows about the connection, and warnings. Nothing is sent or changed.
 *
 * @param target a connected `net.Socket` or `tls.TLSSocket`, a listening `net.Server` or a raw descriptor
 * @throws as `getKeepAlive` does
 *
 * @example
 * for (const { message } of inspectSocket(socket).warnings) console.warn(message)
 */
export function inspectSocket(target: Target): SocketReport {
  const fd = descriptorOf(target)
  if (fd === NOT_YET) throw target instanceof Socket ? notConnected() : notListening()
  const row = new Int32Array(ROW)
  const status = native().inspectSocket(fd, row)
  if (status !== 0) throw statusError(status, 'getsockopt')
  const object = target instanceof Socket ? target : undefined
  return reportFrom({ row, at: 0, socket: object }, new Judgements())
}

/**
 * Makes the report of {@link inspectSocket} for every TCP socket of this process, also for listeners and for sockets without a
 * JavaScript object; on Windows, for those of the calling thread. No socket is opened, closed or
 * changed, and nothing is sent. Equal parts of several reports may be one frozen object.
 *
 * @throws TcpKeepAliveError ERR_TCP_KEEPALIVE_NO_BINARY if the native binary cannot be loaded
 *
 * @example
 * const unprotected = inspectSockets().filter(({ remote, keepAlive }) => remote && !keepAlive.enabled)
 */
export function inspectSockets(): SocketReport[] {
  const objects = new Map<number, Socket>()
  for (const target of activeTargets()) {
    const fd = target instanceof Server ? undefined : handleDescriptor(target)
    if (fd !== undefined) objects.set(fd, target as Socket)
  }
  const { rows, count } = readRows()
  const judgements = new Judgements()
  const reports: SocketReport[] = []
  for (let index = 0; index < count; index++) {
    const at = index * ROW
    reports.push(reportFrom({ row: rows, at, socket: objects.get(rows[at] ?? NONE) }, judgements))
  }
  return reports
}

const NONE = -1

/** Space for as many sockets as last time, and some more. */
let room = 64

function readRows(): { readonly rows: Int32Array; readonly count: number } {
  for (;;) {
    const rows = new Int32Array(room * ROW)
    const count = native().inspectSockets(rows)
    const enough = count <= room
    room = Math.max(64, Math.ceil(count * 1.25))
    if (enough) return { rows, count }
  }
}

interface Read {
  readonly row: Int32Array
  readonly at: number
  readonly socket: Socket | undefined
}

function reportFrom({ row, at, socket }: Read, judgements: Judgements): SocketReport {
  const local = endpointFrom(row, at + LOCAL)
  const remote = endpointFrom(row, at + REMOTE)
  const isLocal = remote !== undefined && (isLoopback(remote.address) || remote.address === local?.address)
  const { keepAlive, detection, warnings } = judgements.of(row, at + VALUES, isLocal)
  const tcpInfo = (row[at + INFO] ?? NONE) >= 0 ? tcpInfoFrom(row, at + INFO) : undefined
  const reached = row[at + ADOPTED] === 1 ? 'reach' : undefined
  const solved = socket && solvedOn(socket)
  const meant = solved === undefined ? keepAlive : { ...keepAlive, userTimeout: solved }
  return {
    descriptor: row[at] ?? NONE,
    local,
    remote,
    keepAlive,
    detection: solved === undefined ? detection : detectionOf(meant),
    tcpInfo,
    lifted: socket !== undefined && isLifted(socket),
    heldBy: (socket && activeCoordinator()?.heldBy(beneath(socket))) ?? reached,
    warnings: remote
      ? warningsFor({ kind: warnings, socket, keepAlive, meant, tcpInfo, local: isLocal })
      : [],
  }
}

interface Told {
  /** Those of its kind: of all sockets that hold the same. */
  readonly kind: readonly KeepAliveWarning[]
  readonly socket: Socket | undefined
  readonly keepAlive: KeepAlive
  /** With the user timeout solved for the deadline, also while another one is in force. */
  readonly meant: KeepAlive
  readonly tcpInfo: TcpInfo | undefined
  readonly local: boolean
}

function warningsFor({ kind, socket, keepAlive, meant, tcpInfo, local }: Told): readonly KeepAliveWarning[] {
  if (socket === undefined) return kind
  const overwritten = overwrittenOn(socket, keepAlive)
  const deadline = deadlineOn(socket)
  if (overwritten.length === 0 && deadline === undefined) return kind
  // It doubles with each retransmission.
  const retransmissionTimeout = tcpInfo?.retransmits === 0 ? tcpInfo.retransmissionTimeout : undefined
  return warningsOf({
    held: meant,
    local,
    overwritten,
    platform: process.platform,
    deadline,
    retransmissionTimeout,
  })
}

function endpointFrom(row: Int32Array, at: number): Endpoint | undefined {
  const port = row[at + PORT] ?? NONE
  if (port < 0) return undefined
  return { address: addressText(row[at] ?? 0, row[at + 1] ?? 0, row[at + 2] ?? 0, row[at + 3] ?? 0), port }
}
