/**
 * Sets values with which a probe cannot end a living connection, and restores the program's own values afterwards.
 *
 * Linux probes at once if TCP_KEEPIDLE becomes shorter than the silence so far (tcp_sock_set_keepidle_locked() in net/ipv4/tcp.c).
 * Each such probe counts. With few retries, or with a user timeout shorter than the silence, one lost answer would end a
 * connection whose peer lives (tcp_keepalive_timer() in net/ipv4/tcp_timer.c).
 */
import { capabilities } from '../settings/capabilities.ts'
import { detectionOf } from '../settings/detection.ts'
import { LEAVE } from '../settings/options.ts'
import { statusError } from './errors.ts'
import { native } from './native.ts'
import { fromKernel, VALUES_LENGTH } from './values.ts'

/** The shortest time. A peer is only asked after a longer silence than this. */
const PROBE_NOW_SECONDS = 1

/** In the order of the binding's five numbers. With them the kernel sends no probes of its own: all probes are ours. */
const HARMLESS: readonly number[] = [
  1,
  PROBE_NOW_SECONDS,
  capabilities.interval.max / 1000,
  capabilities.retries.max,
  0,
]

/** A default of the system may be larger than what can be set, as `net.ipv4.tcp_keepalive_time`. */
const LARGEST: readonly number[] = [
  1,
  capabilities.time.max / 1000,
  capabilities.interval.max / 1000,
  capabilities.retries.max,
  capabilities.userTimeout.max,
]

const current = new Int32Array(VALUES_LENGTH)

export class ReplacedValues {
  readonly #found: Int32Array = new Int32Array(VALUES_LENGTH)

  /**
   * Sets harmless values on a connection. No probe is sent yet.
   *
   * @throws TcpKeepAliveSystemError if the system refuses, as Multipath TCP refuses the user timeout; nothing is changed
   */
  constructor(fd: number) {
    const read = native().getKeepAlive(fd, this.#found)
    if (read !== 0) throw statusError(read, 'getsockopt')
    const [, , interval = LEAVE, retries = LEAVE, userTimeout = LEAVE] = HARMLESS
    const status = native().setKeepAlive(fd, true, LEAVE, interval, retries, userTimeout)
    if (status === 0) return
    this.putBack(fd)
    throw statusError(status, 'setsockopt')
  }

  get wasEnabled(): boolean {
    return this.#found[0] !== 0
  }

  /** Like the function {@link endsAtSilence}, with the program's own values. */
  get endsAtSilence(): number {
    return detectionOf(fromKernel(this.#found)).idle
  }

  /** Restores only the time, so that the kernel sends no further probe by itself. */
  putTimeBack(fd: number): void {
    if (native().getKeepAlive(fd, current) !== 0) return
    native().setKeepAlive(fd, true, this.#back(1), LEAVE, LEAVE, LEAVE)
  }

  /**
   * Restores all values that other code has not changed meanwhile. The time is set last, because setting it restarts the timer,
   * which then uses the other values.
   */
  putBack(fd: number): void {
    if (native().getKeepAlive(fd, current) !== 0) return
    const time = this.#back(1)
    native().setKeepAlive(fd, true, LEAVE, this.#back(2), this.#back(3), this.#back(4))
    native().setKeepAlive(fd, this.wasEnabled, time, LEAVE, LEAVE, LEAVE)
  }

  #back(place: number): number {
    if (current[place] !== HARMLESS[place]) return LEAVE
    return Math.min(this.#found[place] ?? LEAVE, LARGEST[place] ?? LEAVE)
  }
}

/** The silence after which the kernel ends the connection with its current values, in milliseconds. */
export function endsAtSilence(fd: number): number {
  const status = native().getKeepAlive(fd, current)
  if (status !== 0) throw statusError(status, 'getsockopt')
  return detectionOf(fromKernel(current)).idle
}

/** Makes the kernel send a probe at its next tick. The values must already be harmless. */
export function probeNow(fd: number): void {
  native().setKeepAlive(fd, true, PROBE_NOW_SECONDS, LEAVE, LEAVE, LEAVE)
}
