/** The promised deadline, and lengths of faults that are clearly shorter and clearly longer. */

/** The deadline in milliseconds. The kernel gets 3 s, 1 s, 5 retries and a user timeout of 7.5 s. */
export const DETECT_WITHIN = 10_000

/**
 * A cut up to this long kills no connection, in milliseconds. An idle connection sends its first probe after 3 s, or an eighth
 * later. The last of five probes comes 4 s after that, so it passes if the cut is over by then. Data is retransmitted 6.2 s
 * after the write or earlier, and the kernel gives up after 7.5 s. The rest is reserve: a cut of a length between this and the
 * deadline may or may not kill.
 */
export const HARMLESS_CUT = 3500

/** A fault of this length or longer is detected on every connection. In milliseconds. */
export const DEADLY_FAULT = 12_000

/**
 * The longest time until the last connection is reported in a deadly fault, in milliseconds. If only the client is not heard, it
 * still receives the answer to its last query (2.5 s, see load.ts), and retransmissions for 6.2 s until the server gives up
 * (soak.ts). Then the deadline starts. The rest is for a busy machine.
 */
export const ALL_TOLD: number = 2500 + 6200 + DETECT_WITHIN + 6000
