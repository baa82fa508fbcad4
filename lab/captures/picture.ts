/** A story as a picture: time goes down, and each arrow is a recorded packet. */
import { element, line, picture, text } from '../svg.ts'
import type { Place, Story, StoryName } from './story.ts'

const TITLES: Readonly<Record<StoryName, string>> = {
  alive: 'The peer lives: every probe is answered',
  restarted: 'The peer was restarted: a probe is answered by RST',
  gone: 'The peer is gone: no probe is answered',
  'in-flight': 'The peer is gone while data is in flight: it is sent again and again',
  unreachable: 'A router says that there is no way, while data is in flight',
}

const WIDTH = 680
const AT: Readonly<Record<Place, number>> = { client: 190, router: 365, server: 540 }
const PIXELS_A_SECOND = 46
/** The top of the time axis, and the time before the start of the story. */
const TOP = 66
const HEAD_MS = 500
/** The least distance between two arrows, and between two with texts. */
const CLOSE = 8
const APART = 15

/** Visible on a light and on a dark background. */
const COLOURS = { line: '#8c959f', probe: '#bf8700', answer: '#2da44e', lost: '#e5534b', data: '#218bff' }

export function drawStory(name: StoryName, story: Story): string {
  const entries = place(story)
  const bottom = Math.max((entries.at(-1)?.y ?? 0) + APART, pixels(story.until))
  const seconds = Array.from({ length: Math.floor(story.until / 1000) + 1 }, (_, second) => second)
  return picture(TITLES[name], WIDTH, Math.ceil(bottom) + 8, [
    ...seconds.map((second) => text(44, pixels(second * 1000) + 4, `${second} s`, { 'text-anchor': 'end' })),
    ...seconds.map((second) => line([48, pixels(second * 1000)], [53, pixels(second * 1000)], COLOURS.line)),
    ...Object.entries(AT).flatMap(([who, x]) => [
      line([x, TOP], [x, bottom], COLOURS.line),
      text(x, TOP - 8, who, { 'text-anchor': 'middle', 'font-weight': 'bold' }),
    ]),
    ...entries.flatMap(({ y, entry, hasText }) =>
      'who' in entry ? note(y, entry) : arrow(y, entry, hasText),
    ),
  ])
}

type Packet = Story['sent'][number] & { readonly isAnswered: boolean }

interface Note {
  readonly what: string
  readonly who: 'network' | 'program'
}

interface Entry {
  readonly at: number
  /** Its place in the picture, in pixels. */
  readonly y: number
  readonly entry: Packet | Note
  readonly hasText: boolean
}

/** Everything in its order, at its time, or a little later if there is no room. */
function place({ sent, happened, told }: Story): Entry[] {
  const network = happened.map(({ at, what }) => ({
    at,
    entry: { what, who: what === 'write()' ? ('program' as const) : ('network' as const) },
  }))
  const end = told ? [{ at: told.at, entry: { what: told.code, who: 'program' as const } }] : []
  const all = [...network, ...packetsOf(sent).map((entry) => ({ at: entry.at, entry })), ...end]
  let [before, sideBefore] = [TOP - APART, '']
  return all
    .toSorted((a, b) => a.at - b.at)
    .map((each) => {
      const side = 'who' in each.entry ? each.entry.who : each.entry.from
      // The program's notes are beside the arrows, so they need no room between them.
      if (side === 'program') return { ...each, y: Math.max(before, pixels(each.at)), hasText: true }
      const y = Math.max(before + (side === sideBefore ? CLOSE : APART), pixels(each.at))
      const hasText = y - before > APART - 1
      before = y
      sideBefore = side
      return { ...each, y, hasText }
    })
}

/** The router answers at once, so its answers are drawn with the packets that they answer. */
function packetsOf(sent: Story['sent']): Packet[] {
  return sent.flatMap((packet, index) => {
    const isAnswered = sent[index + 1]?.from === 'router' && packet.from === 'client'
    return packet.from === 'router' ? [] : [{ ...packet, isAnswered }]
  })
}

/** It ends in a tip, or in a cross if the packet is lost. */
function arrow(y: number, packet: Packet, hasText: boolean): string[] {
  const [from, to] = [AT[packet.from], packet.arrives ? AT[packet.to] : AT.router]
  const colour = colourOf(packet)
  const away = Math.sign(to - from)
  const tip = [`${to},${y}`, `${to - 8 * away},${y - 4}`, `${to - 8 * away},${y + 4}`].join(' ')
  const wide = { 'stroke-width': 1.5 }
  return [
    line([from, y], [to, y], colour, wide),
    ...(packet.arrives
      ? [element('polygon', { points: tip, fill: colour })]
      : [
          line([to - 4, y - 4], [to + 4, y + 4], colour, wide),
          line([to - 4, y + 4], [to + 4, y - 4], colour, wide),
        ]),
    ...(hasText
      ? [text(from + 8 * away, y - 3, packet.what, { 'text-anchor': away > 0 ? 'start' : 'end' })]
      : []),
    ...(hasText && packet.isAnswered ? [text(AT.router + 8, y - 3, 'ICMP: host unreachable')] : []),
  ]
}

function colourOf({ what, arrives, from }: Packet): string {
  if (!arrives || what === 'RST' || from === 'router') return COLOURS.lost
  if (what === 'probe') return COLOURS.probe
  return what === 'ACK' ? COLOURS.answer : COLOURS.data
}

/** The program's notes are beside the client, those of the network beside the server. */
function note(y: number, { what, who }: Note): string[] {
  if (who === 'program') {
    const words = text(AT.client - 16, y + 4, what, { 'text-anchor': 'end', 'font-weight': 'bold' })
    return [line([AT.client - 12, y], [AT.client, y], COLOURS.line), words]
  }
  return [
    line([AT.client, y], [AT.server + 6, y], COLOURS.lost, { 'stroke-dasharray': '4 3' }),
    text(AT.server + 10, y + 4, what, { 'font-weight': 'bold' }),
  ]
}

function pixels(ms: number): number {
  return TOP + Math.round(((ms + HEAD_MS) / 1000) * PIXELS_A_SECOND * 10) / 10
}
