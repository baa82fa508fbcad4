/** Formats the connections of processes. */
import { endpointText } from '../settings/address-text.ts'
import { formatDuration } from '../settings/duration.ts'
import type { Connection, ProcessConnections, Protection } from './ps-findings.ts'
import { type Paint, printable, shortened, table, widthOf, widthsOf } from './terminal.ts'

const WIDTH = 80
const COMMAND_WIDTH = 70

/** The smallest width of an address and its service. */
const LEAST_PEER_WIDTH = 21

/** If no process is shown. */
export function nothingText(isMatched: boolean): string {
  return `No process that this user may read has a ${isMatched ? 'matching' : 'TCP'} connection.`
}

/** @param within the deadline of `--within`; `undefined` if not given */
export function psText(
  processes: readonly ProcessConnections[],
  within: number | undefined,
  paint: Paint,
): string {
  const texts = processes.map((each) => processText(each, within, paint))
  const legend = legendFor(processes, within, paint)
  return [...texts, ...(legend === '' ? [] : [legend])].join('\n\n')
}

function processText(
  { pid, command, connections, unreadable }: ProcessConnections,
  within: number | undefined,
  paint: Paint,
): string {
  const title = [
    `${paint.bold(`${pid}`)} ${shortened(printable(command), COMMAND_WIDTH)}`,
    countsText(connections, within, paint),
  ]
  if (connections.length === 0) return title.join('\n')
  const headings = ['', 'PEER', 'WAITING', 'WRITING', 'NOW'].map((heading) => paint.dim(heading))
  const rows = rowsOf(connections, paint)
  const note = unreadable === undefined ? [] : [`  Values not read: ${unreadable}.`]
  return [...title, ...fittedTable([headings, ...rows]), ...note].join('\n')
}

type Counts = ReadonlyMap<Protection, number>

function countsOf(connections: readonly Connection[]): Counts {
  const counts = new Map<Protection, number>()
  for (const { protection } of connections) counts.set(protection, (counts.get(protection) ?? 0) + 1)
  return counts
}

function countsText(connections: readonly Connection[], within: number | undefined, paint: Paint): string {
  const counts = countsOf(connections)
  const [unprotected, slow] = [counts.get('unprotected'), counts.get('slow')]
  const lasting = counts.get('no-user-timeout')
  const late = within === undefined ? 'slow' : `later than ${formatDuration(within)}`
  return [
    `${connections.length} ${connections.length === 1 ? 'connection' : 'connections'}`,
    ...(unprotected === undefined ? [] : [paint.bad(`${unprotected} unprotected`)]),
    ...(slow === undefined ? [] : [paint.doubtful(`${slow} ${late}`)]),
    ...(lasting === undefined ? [] : [paint.doubtful(`${lasting} without user timeout`)]),
  ].join(', ')
}

/** Explains the columns, and the marks that are shown. */
function legendFor(
  processes: readonly ProcessConnections[],
  within: number | undefined,
  paint: Paint,
): string {
  const all = new Set(processes.flatMap(({ connections }) => [...countsOf(connections).keys()]))
  if (all.size === 0) return ''
  const has = (...wanted: Protection[]): boolean => wanted.some((protection) => all.has(protection))
  const late = within === undefined ? 'late' : `later than ${formatDuration(within)}`
  return [
    'WAITING, WRITING: how long it takes to detect a dead peer.',
    ...(has('unprotected') ? ['!  never detected while waiting'] : []),
    ...(has('slow', 'no-user-timeout') ? [`~  detected ${late}, or no user timeout: a write may hang`] : []),
    ...(has('timer-only', 'in-flight') ? ['?  only the timer is known'] : []),
  ]
    .map((line) => paint.dim(line))
    .join('\n')
}

/** Reuses the previous row's object if the row is the same: a program may have thousands of connections of few kinds. */
function rowsOf(connections: readonly Connection[], paint: Paint): string[][] {
  let remote: Connection['remote'] | undefined
  let peer = ''
  let row: string[] = []
  return connections.map((connection) => {
    if (connection.remote !== remote) {
      remote = connection.remote
      peer = peerText(connection)
    }
    const { detection, lifted } = connection
    const mark = markOf(connection, paint)
    const idle = shortDuration(detection?.idle)
    const write = lifted ? `${shortDuration(detection?.write)}, lifted` : shortDuration(detection?.write)
    const now = nowText(connection, paint)
    const isSame = row[0] === mark && row[1] === peer && row[2] === idle && row[3] === write && row[4] === now
    if (!isSame) row = [mark, peer, idle, write, now]
    return row
  })
}

function peerText({ remote, service }: Connection): string {
  const end = endpointText(remote.address, remote.port)
  return service === undefined ? end : `${end} ${service}`
}

function markOf({ protection }: Connection, paint: Paint): string {
  switch (protection) {
    case 'unprotected':
      return paint.bad('!')
    case 'slow':
    case 'no-user-timeout':
      return paint.doubtful('~')
    case 'timer-only':
    case 'in-flight':
      return '?'
    case 'protected':
    case 'closing':
      return ' '
  }
}

function nowText({ state, protection, timer, timerIn, unansweredProbes }: Connection, paint: Paint): string {
  if (protection === 'closing' || state === 'close-wait') return state
  if (timer === 'zero-window') return 'window closed'
  if (timer === 'retransmit') return 'data in flight'
  if (protection === 'unprotected') return paint.bad('off')
  if (unansweredProbes > 0) return paint.doubtful(`${unansweredProbes} unanswered`)
  return `probe in ${shortDuration(Math.max(1, Math.round(timerIn / 1000)) * 1000)}`
}

const durations = new Map<number, string>()

/** A duration; from ten minutes on in whole minutes. */
function shortDuration(ms: number | undefined): string {
  if (ms === undefined) return '?'
  let text = durations.get(ms)
  if (text === undefined) {
    text = formatDuration(Number.isFinite(ms) && ms >= 600_000 ? Math.round(ms / 60_000) * 60_000 : ms)
    durations.set(ms, text)
  }
  return text
}

/** Gives the peers the width that the other columns leave. */
function fittedTable(rows: readonly string[][]): string[] {
  const widths = widthsOf(rows)
  const [marks = 0, peers = 0, ...others] = widths
  const taken = others.reduce((sum, width) => sum + width + 2, 0)
  const width = Math.max(LEAST_PEER_WIDTH, WIDTH - marks - 2 - taken)
  if (peers <= width) return table(rows, widths)
  return table(
    rows.map(([mark = '', peer = '', ...rest]) => [
      mark,
      widthOf(peer) > width ? withoutMiddle(peer, width) : peer,
      ...rest,
    ]),
  )
}

/** Shortens in the middle, because the end of an address is needed too. */
function withoutMiddle(text: string, width: number): string {
  const half = Math.floor((width - 1) / 2)
  return `${text.slice(0, width - 1 - half)}…${text.slice(-half)}`
}
