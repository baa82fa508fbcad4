/** Judges a connection by its values, or by its timer if the values could not be read. */
import type { Detection, KeepAlive } from 'tcp-keepalive'
import { isPatience, isUnboundedRtoMax } from '../settings/detect-within.ts'
import { detectionOf } from '../settings/detection.ts'
import type { Protection } from './ps-findings.ts'
import type { ProcessSocket } from './process-sockets.ts'

/** A Linux timer may be late by an eighth of its length (kernel/time/timer.c). */
const LATEST = 9 / 8

/** Without `--within`, detection after an hour is slow, as in the warnings of `inspectSocket()`. */
const SLOW_MS = 3_600_000

/** The kernel's default of TCP_RTO_MAX_MS (include/net/tcp.h). */
const RTO_MAX_MS = 120_000

/** `detectWithin` sets TCP_RTO_MAX_MS to a fifth of the deadline (`rtoMaxFor`), and for a while to three tenths (`looseRtoMaxFor`). */
const [RTO_MAX_SHARE, LOOSE_SHARE] = [1 / 5, 3 / 10]

/** The values of one connection. */
export interface Read {
  readonly keepAlive: KeepAlive
  readonly rtoMax: number | undefined
}

export interface Judgement {
  readonly values: KeepAlive | undefined
  readonly detection: Detection | undefined
  readonly lifted: boolean
  readonly protection: Protection
}

export type Judge = (socket: ProcessSocket, read: Read | undefined) => Judgement

/** The standard by which connections are judged. */
export interface Measure {
  /** The deadline in milliseconds. If `undefined`, only connections without keepalive or user timeout, or that take an hour, are marked. */
  readonly within: number | undefined
  /** TCP_RTO_MAX_MS of a new socket. */
  readonly systemRtoMax: number | undefined
}

/** Judges connections. The last judgement is reused, because many connections share the same values, in the same object. */
export function judgeBy(measure: Measure): Judge {
  let last: { readonly read: Read; readonly open: Judgement } | undefined
  return (socket, read) => {
    const isOpen = socket.state === 'established' || socket.state === 'close-wait'
    if (!read) {
      const protection = isOpen ? byTimer(socket) : 'closing'
      return { values: undefined, detection: undefined, lifted: false, protection }
    }
    if (last?.read.keepAlive !== read.keepAlive || last.read.rtoMax !== read.rtoMax) {
      last = { read, open: judgeOpen(read, measure) }
    }
    return isOpen ? last.open : { ...last.open, protection: 'closing' }
  }
}

function judgeOpen(read: Read, { within, systemRtoMax }: Measure): Judgement {
  const { keepAlive: values } = read
  const lifted = isLifted(read, systemRtoMax)
  const detection = lifted ? liftedDetection(read, systemRtoMax) : detectionOf(values)
  return { values, detection, lifted, protection: byValues(values, detection, lifted, within) }
}

/** Whether a dead peer is detected in time while waiting and while writing, even if timers are late. */
export function isToldWithin({ idle, write }: Detection, lifted: boolean, within: number): boolean {
  return isInTime(idle, within) && write !== undefined && (lifted ? write <= within : isInTime(write, within))
}

function isInTime(detection: number, within: number): boolean {
  return detection * LATEST <= within
}

function byValues(
  { enabled, userTimeout = 0 }: KeepAlive,
  detection: Detection,
  lifted: boolean,
  within: number | undefined,
): Protection {
  if (!enabled) return 'unprotected'
  const hasUserTimeout = userTimeout > 0 || lifted
  if (within === undefined) {
    if (detection.idle >= SLOW_MS) return 'slow'
    if (!hasUserTimeout) return 'no-user-timeout'
    return (detection.write ?? 0) >= SLOW_MS ? 'slow' : 'protected'
  }
  if (isToldWithin(detection, lifted, within)) return 'protected'
  return isInTime(detection.idle, within) && !hasUserTimeout ? 'no-user-timeout' : 'slow'
}

function byTimer({ timer }: ProcessSocket): Protection {
  if (timer === 'keepalive') return 'timer-only'
  return timer === 'none' ? 'unprotected' : 'in-flight'
}

/**
 * Whether the user timeout was lifted. It then reads as none, or as a very long one, but TCP_RTO_MAX_MS differs from the system's value,
 * because only a deadline sets it. The system's value may have been changed for all sockets (net.ipv4.tcp_rto_max_ms).
 */
function isLifted({ keepAlive, rtoMax }: Read, systemRtoMax: number | undefined): boolean {
  if (!isPatience(keepAlive.userTimeout ?? Number.NaN) || rtoMax === undefined) return false
  return rtoMax < RTO_MAX_MS && rtoMax !== systemRtoMax
}

/**
 * While the user timeout is lifted, the sweep ends the connection within the deadline. The deadline is computed from TCP_RTO_MAX_MS, or,
 * while that option is not bounded yet, from the keepalive values that were solved for the deadline. While an answer is overdue, the
 * option is half as large again.
 */
function liftedDetection({ keepAlive, rtoMax = 0 }: Read, system = RTO_MAX_MS): Detection {
  const detection = detectionOf({ ...keepAlive, userTimeout: 0 })
  const { idle } = detection
  if (isUnboundedRtoMax(rtoMax, system)) return { ...detection, write: Math.ceil(idle * LATEST) }
  const longest = (idle + 1000) * LATEST // the values were rounded down to whole seconds
  const share = rtoMax > longest * RTO_MAX_SHARE ? LOOSE_SHARE : RTO_MAX_SHARE
  return { ...detection, write: Math.round(rtoMax / share) }
}
