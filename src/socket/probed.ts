/** The state of a connection that `probePeer` needs. */
import { native } from './native.ts'
import { INFO_LENGTH } from './tcp-info.ts'

export interface Probed {
  /** Milliseconds since the last packet from the peer. */
  readonly silence: number
  readonly unanswered: number
  /** Whether data is unacknowledged, or not sent yet: the kernel sends no probe then. */
  readonly isInFlight: boolean
  /** Whether written data waits for the peer's window to open. */
  readonly isWindowClosed: boolean
  readonly isConnected: boolean
  readonly hasEnded: boolean
}

/** The binding's numbers of the states (`getTcpInfo` in index.d.ts). */
const CLOSED = 0
const ESTABLISHED = 4
const CLOSE_WAIT = 7
const TIME_WAIT = 10

const numbers = new Int32Array(INFO_LENGTH)

/** `undefined` if the descriptor cannot be read. */
export function readProbed(fd: number): Probed | undefined {
  if (native().getTcpInfo(fd, numbers) !== 0) return undefined
  const [state = CLOSED, silence = -1, unanswered = 0] = numbers
  const [unacknowledged = 0, unsent = 0] = [numbers[5], numbers[9]]
  return {
    silence: silence < 0 ? Number.MAX_SAFE_INTEGER : silence,
    unanswered: Math.max(0, unanswered),
    isInFlight: unacknowledged > 0 || unsent > 0,
    isWindowClosed: unacknowledged === 0 && unsent > 0,
    isConnected: state === ESTABLISHED || state === CLOSE_WAIT,
    hasEnded: state === CLOSED || state === TIME_WAIT,
  }
}
