import type { Measured, Setting } from '../clients/clock.ts'

/** The settings of the death clock, in the order in which they are shown. */
export type Charted = Exclude<Setting, 'ten'>
export const CHARTED: readonly Charted[] = ['defaults', 'own', 'bare', 'ours']

/** What docs/death-clock.json holds. Durations are in milliseconds. */
export interface Result {
  readonly node: string
  readonly detectWithin: number
  readonly stoppedAfter: number
  /** By name: the version, and the option of its own that it was given. */
  readonly clients: Readonly<Record<string, { readonly version: string; readonly own: object }>>
  readonly measured: ReadonlyArray<Measured & { readonly setting: Charted }>
}
