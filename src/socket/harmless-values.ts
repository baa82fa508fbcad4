/**
 * The values under which a peer can be asked without danger, and the program's own in their place again.
 *
 * Lowering TCP_KEEPIDLE below the silence so far makes Linux probe at once (tcp_sock_set_keepidle_locked() in net/ipv4/tcp.c).
 * Each such probe counts: with few retries, or with a user timeout shorter than the silence, one lost answer would be the end of
 * a connection that lives (tcp_keepalive_timer() in net/ipv4/tcp_timer.c).
 */
import { capabilities } from '../settings/capabilities.ts'
import { detectionOf } from '../settings/detection.ts'
import { LEAVE } from '../settings/options.ts'
import { statusError } from './errors.ts'
import { native } from './native.ts'
import { fromKernel, VALUES_LENGTH } from './values.ts'

/** The shortest time, which any silence that is asked about is longer than. */
const PROBE_NOW_SECONDS = 1

/** In the order of the binding's five numbers. The kernel sends no probe of its own meanwhile: each is one of ours. */
const HARMLESS: readonly number[] = [
  1,
  PROBE_NOW_SECONDS,
  capabilities.interval.max / 1000,
  capabilities.retries.max,
  0,
]

const current = new Int32Array(VALUES_LENGTH)

export class ReplacedValues {
  readonly #found: Int32Array = new Int32Array(VALUES_LENGTH)

  /**
   * Takes the danger out of the values of a connection; no probe is sent yet.
   *
   * @throws TcpKeepAliveSystemError where the system refuses, as Multipath TCP refuses the user timeout; nothing is changed
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

  /** As {@link endsAtSilence}, with the values that were found. */
  get endsAtSilence(): number {
    return detectionOf(fromKernel(this.#found)).idle
  }

  /** Puts the time back alone, so that the kernel sends no further probe on its own account. */
  putTimeBack(fd: number): void {
    if (native().getKeepAlive(fd, current) !== 0) return
    native().setKeepAlive(fd, true, this.#back(1), LEAVE, LEAVE, LEAVE)
  }

  /**
   * Puts everything back that nobody else has changed meanwhile. The time comes last, as it starts the timer anew under
   * the other values.
   */
  putBack(fd: number): void {
    if (native().getKeepAlive(fd, current) !== 0) return
    const time = this.#back(1)
    native().setKeepAlive(fd, true, LEAVE, this.#back(2), this.#back(3), this.#back(4))
    native().setKeepAlive(fd, this.wasEnabled, time, LEAVE, LEAVE, LEAVE)
  }

  #back(place: number): number {
    return current[place] === HARMLESS[place] ? (this.#found[place] ?? LEAVE) : LEAVE
  }
}

/** After how long a silence the kernel ends the connection by the values that it has, in milliseconds. */
export function endsAtSilence(fd: number): number {
  const status = native().getKeepAlive(fd, current)
  if (status !== 0) throw statusError(status, 'getsockopt')
  return detectionOf(fromKernel(current)).idle
}

/** Makes the kernel send a probe at its next tick. The values are harmless already. */
export function probeNow(fd: number): void {
  native().setKeepAlive(fd, true, PROBE_NOW_SECONDS, LEAVE, LEAVE, LEAVE)
}
