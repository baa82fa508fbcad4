/** How a slow reader reads, and how it may die. */
import type { Listening, Pace } from './slow-reader.ts'

export interface Kind extends Listening {
  readonly name: string
  readonly pace: Pace
}

export const STOPPED: Pace = { bytes: 0, every: 0 }

export const FAST: Pace = { bytes: -1, every: 0 }

const KB = 1024

export const KINDS: readonly Kind[] = [
  { name: 'stopped', pace: STOPPED },
  { name: '20,000 bytes each 3 s', pace: { bytes: 20_000, every: 3000 } },
  { name: '1,000 bytes each 0.1 s, buffer of 8 KB', buffer: 8 * KB, pace: { bytes: 1000, every: 100 } },
  { name: '4 KB each 0.5 s, buffer of 16 KB', buffer: 16 * KB, pace: { bytes: 4 * KB, every: 500 } },
  { name: '256 KB each 2 s', pace: { bytes: 256 * KB, every: 2000 } },
]

/**
 * The state of the connection when the peer dies: its window is closed, or a read has just opened it, or all data was read and
 * acknowledged. In the last case, the writer may write once more after the death.
 */
export const DEATHS = ['closed', 'just opened', 'drained', 'drained, then a write'] as const
export type Death = (typeof DEATHS)[number]
