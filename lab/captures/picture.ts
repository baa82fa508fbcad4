/** A story as a picture: time goes down, and each arrow is a packet that was recorded. */
import { drawSvg } from '../draw-svg.ts'
import type { Place, Story, StoryName } from './story.ts'

const TITLES: Readonly<Record<StoryName, string>> = {
  alive: 'The peer lives: every probe is answered',
  restarted: 'The peer was restarted: a probe is answered by RST',
  gone: 'The peer is gone: no probe is answered',
  'in-flight': 'The peer is gone while data is in flight: it is sent again and again',
  unreachable: 'A router says that there is no way, while data is in flight',
}

const WIDTH = 620
const AT: Readonly<Record<Place, number>> = { client: 145, router: 320, server: 495 }
const PIXELS_A_SECOND = 46
/** What is drawn one beneath the other is at least so far apart, and further where texts would meet. */
const CLOSE = 8
const APART = 15
/** Above the start, for what is done just before. */
const HEAD_MS = 500

/** Seen on a light ground and on a dark one. */
const COLOURS = { line: '#8c959f', probe: '#bf8700', answer: '#2da44e', lost: '#e5534b', data: '#218bff' }

export async function drawStory(name: StoryName, story: Story): Promise<string> {
  return drawSvg(specOf(name, story))
}

interface Line {
  readonly at: number
  /** Where it stands on the page, in pixels. */
  readonly y: number
}

function specOf(name: StoryName, story: Story): object {
  const lines = place(story)
  const last = lines.at(-1)?.y ?? 0
  const height = Math.max(last + APART, pixels(story.until))
  const seconds = Math.floor(story.until / 1000)
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    description: TITLES[name],
    width: WIDTH,
    height,
    padding: 8,
    title: { text: TITLES[name], anchor: 'start', fontSize: 14, offset: 26 },
    scales: [
      { name: 'time', type: 'linear', domain: [-HEAD_MS / 1000, toSeconds(height)], range: [0, height] },
    ],
    axes: [
      {
        orient: 'left',
        scale: 'time',
        values: Array.from({ length: seconds + 1 }, (_, second) => second),
        encode: { labels: { update: { text: { signal: "datum.value + ' s'" } } } },
        domain: false,
        tickColor: COLOURS.line,
        labelFontSize: 11,
      },
    ],
    data: [
      { name: 'places', values: Object.entries(AT).map(([place, x]) => ({ place, x })) },
      { name: 'arrows', values: lines.flatMap((line) => arrowOf(line) ?? []) },
      { name: 'notes', values: lines.flatMap((line) => noteOf(line) ?? []) },
    ],
    marks: [...places(height), ...arrows(), ...notes()],
  }
}

type Packet = Story['sent'][number] & { readonly isAnswered: boolean }

interface Note {
  readonly what: string
  readonly who: 'network' | 'program'
}

type Entry = Line & { readonly entry: Packet | Note; readonly hasText: boolean }

/** Everything in its order, at its time or a little later where there is no room. */
function place({ sent, happened, told }: Story): Entry[] {
  const network = happened.map(({ at, what }) => ({
    at,
    entry: { what, who: what === 'write()' ? ('program' as const) : ('network' as const) },
  }))
  const end = told ? [{ at: told.at, entry: { what: told.code, who: 'program' as const } }] : []
  const all = [...network, ...packetsOf(sent).map((entry) => ({ at: entry.at, entry })), ...end]
  let [before, sideBefore] = [-APART, '']
  return all
    .toSorted((a, b) => a.at - b.at)
    .map((each) => {
      const side = sideOf(each.entry)
      // What the program does stands beside the arrows, so it needs no room among them.
      if (side === 'program') return { ...each, y: Math.max(before, pixels(each.at)), hasText: true }
      const y = Math.max(before + (side === sideBefore ? CLOSE : APART), pixels(each.at))
      const hasText = y - before > APART - 1
      before = y
      sideBefore = side
      return { ...each, y, hasText }
    })
}

/** The router's answers go with what they answer: they come at once. */
function packetsOf(sent: Story['sent']): Packet[] {
  return sent.flatMap((packet, index) => {
    const isAnswered = sent[index + 1]?.from === 'router' && packet.from === 'client'
    return packet.from === 'router' ? [] : [{ ...packet, isAnswered }]
  })
}

/** Where its text stands. */
function sideOf(entry: Entry['entry']): string {
  return 'who' in entry ? entry.who : entry.from
}

function arrowOf({ y, entry, hasText }: Entry): object | undefined {
  if ('who' in entry) return undefined
  const { from, to, what, arrives, isAnswered } = entry
  const x = AT[from]
  const x2 = arrives ? AT[to] : AT.router
  const right = x2 > x
  const colour = colourOf(entry)
  const tip = arrives ? x2 + (right ? -5 : 5) : x2
  const answer = isAnswered && hasText ? 'ICMP: host unreachable' : ''
  return { y, x, x2, what: hasText ? what : '', arrives, right, colour, tip, answer }
}

function colourOf({ what, arrives, from }: Story['sent'][number]): string {
  if (!arrives || what === 'RST' || from === 'router') return COLOURS.lost
  if (what === 'probe') return COLOURS.probe
  return what === 'ACK' ? COLOURS.answer : COLOURS.data
}

function noteOf({ y, entry }: Entry): object | undefined {
  return 'who' in entry ? { y, what: entry.what, network: entry.who === 'network' } : undefined
}

function places(height: number): object[] {
  const from = { data: 'places' }
  return [
    {
      type: 'rule',
      from,
      encode: {
        enter: { x: { field: 'x' }, y: { value: 0 }, y2: { value: height }, stroke: { value: COLOURS.line } },
      },
    },
    {
      type: 'text',
      from,
      encode: {
        enter: {
          x: { field: 'x' },
          y: { value: -8 },
          text: { field: 'place' },
          align: { value: 'center' },
          fontSize: { value: 12 },
          fontWeight: { value: 'bold' },
        },
      },
    },
  ]
}

function arrows(): object[] {
  const from = { data: 'arrows' }
  const y = { field: 'y' }
  const colour = { field: 'colour' }
  return [
    {
      type: 'rule',
      from,
      encode: {
        enter: { x: { field: 'x' }, x2: { field: 'x2' }, y, stroke: colour, strokeWidth: { value: 1.5 } },
      },
    },
    {
      type: 'symbol',
      from,
      encode: {
        enter: {
          x: { field: 'tip' },
          y,
          shape: { signal: "!datum.arrives ? 'cross' : datum.right ? 'triangle-right' : 'triangle-left'" },
          angle: { signal: 'datum.arrives ? 0 : 45' },
          size: { value: 70 },
          fill: colour,
        },
      },
    },
    {
      type: 'text',
      from,
      encode: {
        enter: {
          x: { field: 'x', offset: { signal: 'datum.right ? 8 : -8' } },
          y: { field: 'y', offset: -3 },
          align: { signal: "datum.right ? 'left' : 'right'" },
          text: { field: 'what' },
          fontSize: { value: 11 },
        },
      },
    },
    {
      type: 'text',
      from,
      encode: {
        enter: {
          x: { value: AT.router + 8 },
          y: { field: 'y', offset: -3 },
          text: { field: 'answer' },
          fontSize: { value: 11 },
        },
      },
    },
  ]
}

/** The program's beside the client, the network's beyond the server. */
function notes(): object[] {
  const from = { data: 'notes' }
  return [
    {
      type: 'rule',
      from: { data: 'notes' },
      encode: {
        enter: {
          x: { signal: `datum.network ? ${AT.client} : ${AT.client - 12}` },
          x2: { signal: `datum.network ? ${AT.server + 6} : ${AT.client}` },
          y: { field: 'y' },
          stroke: { signal: `datum.network ? '${COLOURS.lost}' : '${COLOURS.line}'` },
          strokeDash: { signal: 'datum.network ? [4, 3] : [1, 0]' },
        },
      },
    },
    {
      type: 'text',
      from,
      encode: {
        enter: {
          x: { signal: `datum.network ? ${AT.server + 10} : ${AT.client - 16}` },
          y: { field: 'y' },
          align: { signal: "datum.network ? 'left' : 'right'" },
          baseline: { value: 'middle' },
          text: { field: 'what' },
          fontSize: { value: 11 },
          fontWeight: { value: 'bold' },
        },
      },
    },
  ]
}

function pixels(ms: number): number {
  return Math.round(((ms + HEAD_MS) / 1000) * PIXELS_A_SECOND * 10) / 10
}

function toSeconds(y: number): number {
  return y / PIXELS_A_SECOND - HEAD_MS / 1000
}
