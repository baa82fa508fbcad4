/** `tcp-keepalive watch`: connects to peers and shows live whether they answer. */
import { planKeepAlive } from 'tcp-keepalive'
import { parsePeer } from './peers.ts'
import { type Paint, paintFor, PLAIN, say } from './terminal.ts'
import { durationOf, optionsOf, parse, understood, UsageError, VALUE_OPTIONS } from './usage.ts'
import { type Event, eventOf, watchTable } from './watch-text.ts'
import { type Snapshot, Watched } from './watched.ts'

/** The time between two looks at the kernel's state. */
const LOOK_MS = 100

/** The deadline if no option is given. */
const DETECT_WITHIN_MS = 30_000

export async function watch(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    ...VALUE_OPTIONS,
    json: { type: 'boolean' },
    for: { type: 'string' },
  })
  if (positionals.length === 0) throw new UsageError('give a peer to watch, as db.internal:5432')
  const peers = positionals.map((text) => parsePeer(text))
  const options = optionsOf(values) ?? { detectWithin: DETECT_WITHIN_MS }
  understood(() => planKeepAlive(options))
  const time = values.for === undefined ? undefined : durationOf('for', values.for)
  const watched = peers.map((peer) => new Watched(peer, options))
  const show = values.json ? showJson : showText(process.stdout, paintFor(process.stdout))
  const before = await look(watched, show, time)
  const last = watched.map((each) => each.end())
  show(before, last)
  return last.some(isOver) ? 1 : 0
}

/** Shows the current snapshots, or what differs from `before`. */
type Show = (before: readonly Snapshot[], now: readonly Snapshot[]) => void

function isOver({ status }: Snapshot): boolean {
  return status === 'lost' || status === 'unreached' || status === 'unwatched'
}

/** Looks until all peers are lost or unreached, the time is over, or the user presses Ctrl-C. */
async function look(
  watched: readonly Watched[],
  show: Show,
  time: number | undefined,
): Promise<readonly Snapshot[]> {
  return new Promise((resolve) => {
    let before: readonly Snapshot[] = []
    const step = (): void => {
      const now = watched.map((each) => each.look())
      show(before, now)
      before = now
      if (now.every(isOver)) stop()
    }
    const stop = (): void => {
      clearInterval(ticking)
      clearTimeout(ending)
      process.off('SIGINT', stop)
      resolve(before)
    }
    const ticking = setInterval(step, LOOK_MS)
    const ending = time === undefined ? undefined : setTimeout(stop, time)
    process.on('SIGINT', stop)
    step()
  })
}

/** ECMA-48, and DEC private mode 7: long rows of the table are cut off instead of wrapped, so that its height is known. */
const ERASE_LINE = '\u001B[2K'
const [CUT_OFF, WRAP] = ['\u001B[?7l', '\u001B[?7h']

/** On a terminal the table stays below the event lines. Elsewhere only the event lines are printed. */
function showText(stream: NodeJS.WriteStream, paint: Paint): Show {
  let height = 0
  return (before, now) => {
    const events = now.flatMap((each, index) => eventOf(before[index], each, paint) ?? [])
    if (!stream.isTTY) {
      for (const { text, words } of events) say([`${clock()} ${text}`, words].filter(Boolean).join(': '))
      return
    }
    const { columns = 80, rows = 24 } = stream
    const table = watchTable(now, paint, { columns, rows })
    const up = height === 0 ? '' : `\r\u001B[${height}A`
    const happened = drawn(events.flatMap((event) => eventLines(event, paint)))
    stream.write(up + happened + CUT_OFF + drawn(table) + WRAP)
    height = table.length
  }
}

function drawn(lines: readonly string[]): string {
  return lines.map((line) => `${ERASE_LINE}${line}\n`).join('')
}

/** An event in two lines, because the explanation may be long. */
function eventLines({ text, words }: Event, paint: Paint): string[] {
  const time = clock()
  const first = `${paint.dim(time)} ${text}`
  return words === undefined ? [first] : [first, `${' '.repeat(time.length)} ${words}`]
}

/** Prints one line for each change. */
const showJson: Show = (before, now) => {
  for (const [index, each] of now.entries()) {
    if (eventOf(before[index], each, PLAIN) !== undefined) say(JSON.stringify({ at: new Date(), ...each }))
  }
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8)
}
