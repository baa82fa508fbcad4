/** `tcp-keepalive watch`: who is there, live. */
import { planKeepAlive } from 'tcp-keepalive'
import { parsePeer } from './peers.ts'
import { type Paint, paintFor, PLAIN, say } from './terminal.ts'
import { durationOf, optionsOf, parse, understood, UsageError, VALUE_OPTIONS } from './usage.ts'
import { type Event, eventOf, watchTable } from './watch-text.ts'
import { type Snapshot, Watched } from './watched.ts'

/** How often the kernel is asked. */
const LOOK_MS = 100

/** What is set where nothing is asked for. */
const DETECT_WITHIN_MS = 30_000

export async function watch(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    ...VALUE_OPTIONS,
    json: { type: 'boolean' },
    for: { type: 'string' },
  })
  if (positionals.length === 0) throw new UsageError('say whom to watch, as db.internal:5432')
  const peers = positionals.map((text) => parsePeer(text))
  const options = optionsOf(values) ?? { detectWithin: DETECT_WITHIN_MS }
  understood(() => planKeepAlive(options))
  const time = values.for === undefined ? undefined : durationOf('for', values.for)
  const watched = peers.map((peer) => new Watched(peer, options))
  const show = values.json ? showJson : showText(process.stdout, paintFor(process.stdout))
  const last = await look(watched, show, time)
  for (const each of watched) each.end()
  return last.some(({ status }) => status === 'lost') ? 1 : 0
}

/** Shows what is, having known `before`. */
type Show = (before: readonly Snapshot[], now: readonly Snapshot[]) => void

/** Until all are lost, the time is over, or a person has seen enough. */
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
      if (now.every(({ status }) => status === 'lost')) stop()
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

/** On a terminal the table stays beneath the lines of what has happened; elsewhere there are only these. */
function showText({ isTTY }: { isTTY?: boolean }, paint: Paint): Show {
  let height = 0
  return (before, now) => {
    const events = now.flatMap((each, index) => eventOf(before[index], each, paint) ?? [])
    if (isTTY !== true) {
      for (const { text, words } of events) say([`${clock()} ${text}`, words].filter(Boolean).join(': '))
      return
    }
    const table = watchTable(now, paint)
    const up = height === 0 ? '' : `\u001B[${height}A`
    const lines = [...events.flatMap((event) => eventLines(event, paint)), ...table]
    process.stdout.write(up + lines.map((line) => `\u001B[2K${line}\n`).join(''))
    height = table.length
  }
}

/** In two lines, as the words may need one of their own. */
function eventLines({ text, words }: Event, paint: Paint): string[] {
  const time = clock()
  const first = `${paint.dim(time)} ${text}`
  return words === undefined ? [first] : [first, `${' '.repeat(time.length)} ${words}`]
}

/** A line for each change. */
const showJson: Show = (before, now) => {
  for (const [index, each] of now.entries()) {
    if (eventOf(before[index], each, PLAIN) !== undefined) say(JSON.stringify({ at: new Date(), ...each }))
  }
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8)
}
