import type { Measured } from '../clients/clock.ts'

/** What docs/death-clock.json holds. Durations are in milliseconds. */
export interface Result {
  readonly node: string
  readonly detectWithin: number
  readonly stoppedAfter: number
  /** By name: the version, and the option of its own that it was given. */
  readonly clients: Readonly<Record<string, { readonly version: string; readonly own: object }>>
  readonly measured: readonly Measured[]
}
