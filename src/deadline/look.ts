/** What the kernel reports of a connection, and what is in force on it. */

/**
 * Which user timeout is in force:
 * - `solved`: the one that `detectWithin` solves for
 * - `lifted`: none, or a very long one, because the peer's window is or was closed, or because the peer answers but takes no data
 * - `condemned`: a short one, because the peer seems to be dead; the kernel ends the connection at its next timer
 */
export type Stage = 'solved' | 'lifted' | 'condemned'

/** The TCP_INFO of a connection at one sweep. A negative number means: not known. */
export interface Look {
  /** In the binding's numbers: see `CAN_SEND` in rule.ts. */
  readonly state: number
  /** Segments in flight. */
  readonly unacknowledged: number
  /** Bytes in the send buffer that were never sent. */
  readonly unsent: number
  /** Window probes since the peer's last segment. A probe counts as soon as it is sent. */
  readonly unansweredProbes: number
  /** How many times in a row the oldest segment was retransmitted after a timeout. */
  readonly retransmits: number
  /**
   * Milliseconds since the last acknowledgement was processed (tcp_ack(), net/ipv4/tcp_input.c). Almost every segment of the peer carries one.
   * Data in order that acknowledges nothing new, with an unchanged window, does not count (the fast path of tcp_rcv_established()).
   */
  readonly silentFor: number
  /** The peer's receive window, in bytes (`tcpi_snd_wnd`, Linux 5.4). */
  readonly sendWindow: number
  /** Total milliseconds for which the peer's window has blocked sending (`tcpi_rwnd_limited`, Linux 4.10). */
  readonly windowLimitedFor: number
  /** The retransmission timeout (RTO) in milliseconds. It doubles at each retransmission. */
  readonly retransmissionTimeout: number
  /** How often the wait for the next window probe has been doubled. */
  readonly backoff: number
  /** Bytes that the peer has acknowledged, modulo 2³¹ (`tcpi_bytes_acked`, Linux 4.1). */
  readonly acknowledged: number
  /** Received segments without data, modulo 2³¹ (`tcpi_segs_in` minus `tcpi_data_segs_in`, Linux 4.6). */
  readonly emptySegments: number
  /** 1 while a loss is being repaired (`tcpi_ca_state`: recovery or loss), otherwise 0. */
  readonly repairing: number
  /** The smoothed round trip in milliseconds. */
  readonly roundTrip: number
}

/** Whether the kernel reports what the rule needs; a sandbox, or Linux before 4.6, does not. */
export function isReported({ state, unacknowledged, unsent, silentFor }: Look): boolean {
  return state >= 0 && unacknowledged >= 0 && unsent >= 0 && silentFor >= 0
}

/** Whether everything is sent and acknowledged. */
export function isDrained({ unacknowledged, unsent }: Look): boolean {
  return unacknowledged === 0 && unsent === 0
}

/**
 * Whether a loss is being repaired. The kernel counts the user timeout from the first retransmission on, until everything is acknowledged
 * that was in flight at the last timeout (`retrans_stamp` and `high_seq`; tcp_fastretrans_alert(), net/ipv4/tcp_input.c).
 */
export function isRepairing({ repairing }: Look): boolean {
  return repairing > 0
}

/** Whether data in flight was retransmitted more than once. A single lost packet causes one retransmission. */
export function isSentAgain({ unacknowledged, retransmits }: Look): boolean {
  return unacknowledged > 0 && retransmits > 1
}
