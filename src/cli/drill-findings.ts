/** The findings of `drill`. */

/**
 * What the connection was doing. `waiting`: the program sent last, and waits for the answer. `writing`: data is not acknowledged.
 * `idle`: the peer sent last, or nothing was sent. `silent`: both ends sent within one tick of the kernel, so it is not known who was last.
 */
export type Doing = 'waiting' | 'writing' | 'idle' | 'silent'

/**
 * What became of the connection. `told`: the death was detected, and the connection has ended. `late`: it was not detected in time.
 * `heard`: it cannot be cut off, because its peer sends with a TTL of 255. `healed`: other code has restored it. `ended`: it ended
 * with the program. `cut`: not decided yet. `too-early`: the drill ended before the connection's time had passed.
 */
export type Fate = 'cut' | 'told' | 'late' | 'heard' | 'healed' | 'ended' | 'too-early'

export interface Finding {
  readonly descriptor: number
  readonly local: string
  readonly peer: string
  readonly service: string | undefined
  /** Whether it was made during the drill. */
  readonly isNew: boolean
  readonly doing: Doing
  readonly fate: Fate
  /** Whether its death was detected in time, counted from the cut, or from the first write after it. */
  readonly inTime: boolean
  /** Milliseconds from the cut, or from the first write after it, until the connection ended. */
  readonly toldAfter: number | undefined
  /** `kernel`: the kernel gave up. `program`: the program closed the connection before that. */
  readonly toldBy: 'kernel' | 'program' | undefined
  /** Milliseconds that the kernel would take with its values; infinite: never. */
  readonly wouldTake: number
}

/** How a program ended. Both fields are missing for a program that the drill has not started. */
export interface Ended {
  readonly code?: number
  readonly signal?: NodeJS.Signals
}

/** What is shown of a process during the drill. */
export interface Shown {
  readonly pid: number
  readonly connections: readonly Finding[]
}

export interface DrillReport extends Shown {
  readonly within: number
  /** Milliseconds from the cut until the first new connection to the same peers. */
  readonly newConnectionAfter: number | undefined
  /** Whether all connections that still exist were restored. */
  readonly healed: boolean
  /** Only if the program ended by itself before the drill did. */
  readonly ended?: Ended
  /** Whether a connection error seems to have ended it: the error came within the last second, and the exit code is not known to be 0. */
  readonly endedByError?: boolean
}
