import type { Doing, Measured, Setting } from '../clients/clock.ts'

export type Charted = Exclude<Setting, 'ten'>

/** Their names in the table and in the chart, in the order of both. */
export const CHARTED: Readonly<Record<Charted, string>> = {
  defaults: "the client's defaults",
  own: 'its own option',
  bare: 'tcp-keepalive, the bare line (60 s)',
  ours: 'tcp-keepalive, 6 s',
}

export const TITLES: Readonly<Record<Doing, string>> = {
  idle: 'Idle',
  waiting: 'Waiting for an answer',
  writing: 'Writing at once',
  later: 'Writing 4 s after the cut',
  connecting: 'Connecting',
}

/** The content of docs/death-clock.json. Durations are in milliseconds. */
export interface Result {
  readonly node: string
  readonly detectWithin: number
  readonly stoppedAfter: number
  /** By name: the version, and its own option in this measurement. */
  readonly clients: Readonly<Record<string, { readonly version: string; readonly own: object }>>
  readonly measured: ReadonlyArray<Measured & { readonly setting: Charted }>
}
