/** What a socket holds, in the units of the API. */

/**
 * What the kernel holds for a socket. Durations are in milliseconds; `undefined`: this system, or this kind of TCP
 * socket, cannot tell. It can be given to `setKeepAlive` as it is, which copies it, unless a default of the system is larger than what
 * can be set (Linux: 32,767 s).
 */
export interface KeepAlive {
  /** Whether the kernel probes at all (SO_KEEPALIVE). */
  readonly enabled: boolean
  /** Silence before the first probe (TCP_KEEPIDLE). */
  readonly time: number | undefined
  /** Between unanswered probes (TCP_KEEPINTVL). */
  readonly interval: number | undefined
  /** Unanswered probes before the kernel gives the connection up (TCP_KEEPCNT). */
  readonly retries: number | undefined
  /** How long sent data may stay unacknowledged; 0: the system's own rules (TCP_USER_TIMEOUT). */
  readonly userTimeout: number | undefined
}
