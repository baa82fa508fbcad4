/** What is promised, and the lengths of faults that are clearly under and clearly over it. */

/** Nobody waits longer for a dead peer, in milliseconds; the kernel gets 3 s, 1 s, 5 retries, user timeout 7.5 s. */
export const DETECT_WITHIN = 10_000

/**
 * A cut up to this long kills nobody. An idle connection is silent for 3 s, and an eighth as a timer may be late by, when
 * its first probe meets the cut; the last of five probes leaves 4 s after that, so a cut that is over by then lets it
 * through. Data is sent again at the latest 6.2 s after it was written in the cut's first moment, and given up after 7.5 s.
 * The longer half second is left free: a cut whose length falls between this and the promise decides nothing.
 */
export const HARMLESS_CUT = 3500

/** A fault that lasts at least this long outlasts everybody's detection. */
export const DEADLY_FAULT = 12_000

/**
 * When the last of a deadly fault's connections is told, at the latest. While only the client is not heard, it still hears
 * the answer to what it asked before (2.5 s, see load.ts) and how the server repeats it, for 6.2 s until the server
 * gives up (soak.ts); then nobody waits longer than is promised. The rest is for a busy machine.
 */
export const ALL_TOLD: number = 2500 + 6200 + DETECT_WITHIN + 6000
