/** How watched connections look: a table that is drawn anew, and a line for each thing that happens. */
import type { Snapshot, Status } from './watched.ts'
import { padded, type Paint } from './terminal.ts'

/** Columns of the table; with the gaps between them they fit into 80. */
const PEER = 36
const STATUS = 12
const SILENCE = 10
const ROUND_TRIP = 12

export function watchTable(snapshots: readonly Snapshot[], paint: Paint): string[] {
  const heading = `${'PEER'.padEnd(PEER)}  ${'STATUS'.padEnd(STATUS)}  ${'SILENT'.padStart(SILENCE)}  ${'ROUND TRIP'.padStart(ROUND_TRIP)}`
  return [paint.dim(heading), ...snapshots.map((snapshot) => tableRow(snapshot, paint))]
}

function tableRow(snapshot: Snapshot, paint: Paint): string {
  const { peer, service, silentFor, roundTrip } = snapshot
  const name = shortened([peer, service].filter(Boolean).join(' '), PEER)
  const isOpen = snapshot.status === 'alive' || snapshot.status === 'silent'
  const silence = isOpen && silentFor !== undefined ? `${(silentFor / 1000).toFixed(1)} s` : '-'
  const trip = isOpen && roundTrip !== undefined ? `${roundTrip.toFixed(1)} ms` : '-'
  const status = padded(paintStatus(snapshot.status, statusText(snapshot), paint), STATUS)
  return `${name.padEnd(PEER)}  ${status}  ${silence.padStart(SILENCE)}  ${trip.padStart(ROUND_TRIP)}`
}

/** What has happened: which connection is how now, with the system's code, and what that means. */
export interface Event {
  readonly text: string
  readonly words: string | undefined
}

/** Nothing, where it is as it was before. */
export function eventOf(before: Snapshot | undefined, now: Snapshot, paint: Paint): Event | undefined {
  const text = statusText(now)
  if (now.status === 'connecting') return undefined
  if (before && statusText(before) === text && before.code === now.code) return undefined
  const code = now.code === undefined ? '' : `: ${now.code}`
  return { text: paintStatus(now.status, `${now.peer} ${text}`, paint) + code, words: now.words }
}

export function statusText({ status, unansweredProbes, probes }: Snapshot): string {
  return status === 'silent' ? `silent ${unansweredProbes}/${probes}` : status
}

function paintStatus(status: Status, text: string, paint: Paint): string {
  switch (status) {
    case 'alive':
      return paint.good(text)
    case 'lost':
      return paint.bad(text)
    case 'silent':
    case 'closed':
      return paint.doubtful(text)
    case 'connecting':
      return text
  }
}

function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}
