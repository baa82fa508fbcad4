/** What `drill` finds out. */

/**
 * `waiting`: it sent something last, and waits for the answer. `writing`: what it sent is not acknowledged. `silent`: nothing is under way,
 * and nobody can say who was the last to send, as both did within one tick of the kernel.
 */
export type Doing = 'waiting' | 'writing' | 'idle' | 'silent'

/**
 * `told`: the connection has ended; `late`: not within the time; `heard`: it cannot be cut off, as its peer sends with a TTL of
 * 255; `healed`: somebody else has put it back meanwhile; `ended`: it ended with the program; `cut`: not decided yet, and
 * `too-early` where the drill was over before its time was.
 */
export type Fate = 'cut' | 'told' | 'late' | 'heard' | 'healed' | 'ended' | 'too-early'

export interface Finding {
  readonly descriptor: number
  readonly local: string
  readonly peer: string
  readonly service: string | undefined
  /** Made while the drill went on. */
  readonly isNew: boolean
  readonly doing: Doing
  readonly fate: Fate
  /** Whether it was told in time: from the cut on, or from what it wrote after the cut. */
  readonly inTime: boolean
  /** Milliseconds from the cut, or from the first thing that was written after it. */
  readonly toldAfter: number | undefined
  /** `kernel`: it gave up; `program`: the program had closed the connection before. */
  readonly toldBy: 'kernel' | 'program' | undefined
  /** Milliseconds that its values take, as far as it is not told; infinite: never. */
  readonly wouldTake: number
}

/** How a program ended; nothing is known of one that somebody else has started. */
export interface Ended {
  readonly code?: number
  readonly signal?: NodeJS.Signals
}

/** What is shown of a process while the drill goes on. */
export interface Shown {
  readonly pid: number
  readonly connections: readonly Finding[]
}

export interface DrillReport extends Shown {
  readonly within: number
  /** Milliseconds from the cut until a new connection to the same peers was there. */
  readonly newConnectionAfter: number | undefined
  /** Whether everything that is still there is as it was before. */
  readonly healed: boolean
  /** Left out where the program has not ended by itself before the drill did. */
  readonly ended?: Ended
}
