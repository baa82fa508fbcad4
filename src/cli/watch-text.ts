/** Formats watched connections: a table that is redrawn, and a line for each event. */
import type { Snapshot, Status } from './watched.ts'
import { padded, type Paint, shortened } from './terminal.ts'

/** The size of a terminal. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/**
 * The widths of the columns. With the gaps they fit into 80. In a narrow terminal the first column is narrower, and the last
 * is left out.
 */
const PEER = 36
const LEAST_PEER = 12
const STATUS = 12
const SILENCE = 10
const ROUND_TRIP = 12

const GAP = '  '

/** The width of the first column, and whether the last one is shown. */
interface Layout {
  readonly peer: number
  readonly roundTrip: boolean
}

function layoutFor(columns: number): Layout {
  const middle = GAP.length + STATUS + GAP.length + SILENCE
  const last = GAP.length + ROUND_TRIP
  const roundTrip = columns >= LEAST_PEER + middle + last
  const room = columns - middle - (roundTrip ? last : 0)
  return { peer: Math.min(PEER, Math.max(LEAST_PEER, room)), roundTrip }
}

/** At most as high as the terminal, because lines that have scrolled away cannot be redrawn. */
export function watchTable(snapshots: readonly Snapshot[], paint: Paint, { columns, rows }: Size): string[] {
  const layout = layoutFor(columns)
  const heading = laidOut(['PEER', 'STATUS'.padEnd(STATUS), 'SILENT', 'ROUND TRIP'], layout)
  const room = Math.max(1, rows - 2) // without the heading and the line of the cursor
  const shown = snapshots.length <= room ? snapshots : snapshots.slice(0, room - 1)
  const others = snapshots.length - shown.length
  return [
    paint.dim(heading),
    ...shown.map((snapshot) => tableRow(snapshot, layout, paint)),
    ...(others > 0 ? [paint.dim(`and ${others} more`)] : []),
  ]
}

function tableRow(snapshot: Snapshot, layout: Layout, paint: Paint): string {
  const { peer, service, silentFor, roundTrip } = snapshot
  const name = shortened([peer, service].filter(Boolean).join(' '), layout.peer)
  const isOpen = snapshot.status === 'alive' || snapshot.status === 'silent'
  const silence = isOpen && silentFor !== undefined ? `${(silentFor / 1000).toFixed(1)} s` : '-'
  const trip = isOpen && roundTrip !== undefined ? `${roundTrip.toFixed(roundTrip < 1 ? 2 : 1)} ms` : '-'
  const status = padded(paintStatus(snapshot.status, statusText(snapshot), paint), STATUS)
  return laidOut([name, status, silence, trip], layout)
}

/** `status` must already be padded: it may contain a colour. */
function laidOut(
  [peer, status, silence, trip]: readonly [peer: string, status: string, silence: string, trip: string],
  layout: Layout,
): string {
  const columns = [peer.padEnd(layout.peer), status, silence.padStart(SILENCE)]
  if (layout.roundTrip) columns.push(trip.padStart(ROUND_TRIP))
  return columns.join(GAP)
}

/** A change of a connection's status. `text` has the system's error code, and `words` explains it. */
export interface Event {
  readonly text: string
  readonly words: string | undefined
}

const COULD_NOT_BE: Partial<Record<Status, string>> = {
  unreached: 'could not be reached',
  unwatched: 'could not be watched',
}

/** @returns `undefined` if nothing has changed */
export function eventOf(before: Snapshot | undefined, now: Snapshot, paint: Paint): Event | undefined {
  const text = statusText(now)
  if (now.status === 'connecting') return undefined
  if (before && statusText(before) === text && before.code === now.code) return undefined
  const code = now.code === undefined ? '' : `: ${now.code}`
  const happened = COULD_NOT_BE[now.status] ?? text
  return { text: paintStatus(now.status, `${now.peer} ${happened}`, paint) + code, words: now.words }
}

export function statusText({ status, unansweredProbes, probes }: Snapshot): string {
  return status === 'silent' ? `silent ${unansweredProbes}/${probes}` : status
}

function paintStatus(status: Status, text: string, paint: Paint): string {
  switch (status) {
    case 'alive':
      return paint.good(text)
    case 'lost':
    case 'unreached':
    case 'unwatched':
      return paint.bad(text)
    case 'silent':
    case 'closed':
      return paint.doubtful(text)
    case 'connecting':
      return text
  }
}
