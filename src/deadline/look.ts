/** What the kernel reports of a connection, and what is in force on it. */

/**
 * Which user timeout is in force:
 * - `solved`: the one that `detectWithin` solves for
 * - `lifted`: none, as the peer's window is closed, or has been
 * - `condemned`: a short one, as the peer is taken for dead; the kernel ends the connection at its next timer
 */
export type Stage = 'solved' | 'lifted' | 'condemned'

/** The TCP_INFO of a connection at one sweep; negative: not known. */
export interface Look {
  /** In the binding's numbers: those of `getTcpInfo`. */
  readonly state: number
  /** Segments in flight. */
  readonly unacknowledged: number
  /** Bytes in the send buffer that were never sent. */
  readonly unsent: number
  /** Window probes since anything came from the peer. One that is just on its way counts too. */
  readonly unansweredProbes: number
  /** How often in a row the oldest segment was sent again after a timeout. */
  readonly retransmits: number
  /** Milliseconds since the last acknowledgement. Any segment of the peer carries one. */
  readonly silentFor: number
  /** Bytes that the peer's window has room for (`tcpi_snd_wnd`, Linux 5.4). */
  readonly sendWindow: number
  /** Milliseconds in all for which the peer's window has kept data back (`tcpi_rwnd_limited`, Linux 4.10). */
  readonly windowLimitedFor: number
  /** Milliseconds after which what is in flight is sent again; doubled each time that it is. */
  readonly retransmissionTimeout: number
  /** How often the wait for the next window probe has been doubled. */
  readonly backoff: number
  /** How much the peer has acknowledged, in bytes modulo 2³¹ (`tcpi_bytes_acked`, Linux 4.1). */
  readonly acknowledged: number
  /** Segments without data that came, modulo 2³¹ (`tcpi_segs_in` less `tcpi_data_segs_in`, Linux 4.6). */
  readonly emptySegments: number
}

/** Whether the kernel reports what the rule needs; a sandbox, or Linux before 4.6, does not. */
export function isTold({ state, unacknowledged, unsent, silentFor }: Look): boolean {
  return state >= 0 && unacknowledged >= 0 && unsent >= 0 && silentFor >= 0
}

/** Whether everything is sent and acknowledged. */
export function isDrained({ unacknowledged, unsent }: Look): boolean {
  return unacknowledged === 0 && unsent === 0
}
