/** The death clock as an SVG: a panel for each state, with a bar for each client and setting. */
import { element, line, picture, text } from '../svg.ts'
import { type Doing, DOINGS } from '../clients/clock.ts'
import { CHARTED, type Charted, type Result, TITLES } from './result.ts'

const LEFT = 92
const TOP = 56
const PANEL = { width: 165, gap: 22 }
const BAR = 9.6
const CLIENT = 47
/** Seconds between two lines of the grid. */
const GRID = 20

/** Visible on a light and on a dark background. */
const GREY = '#8c959f'
const COLOURS: Readonly<Record<Charted, string>> = {
  defaults: GREY,
  own: '#bf8700',
  bare: '#4a8fe7',
  ours: '#2da44e',
}

const SETTINGS = Object.keys(CHARTED) as Charted[]

export function drawChart({ clients, measured, stoppedAfter }: Result): string {
  const names = Object.keys(clients)
  const bottom = TOP + names.length * CLIENT
  const wide = (milliseconds: number): number => (milliseconds / stoppedAfter) * PANEL.width
  const leftOf = (doing: Doing): number => LEFT + DOINGS.indexOf(doing) * (PANEL.width + PANEL.gap)
  const grid = Array.from({ length: Math.floor(stoppedAfter / 1000 / GRID) + 1 }, (_, each) => each * GRID)

  const panels = DOINGS.flatMap((doing) => [
    text(leftOf(doing), TOP - 10, TITLES[doing], { 'font-size': 12 }),
    ...grid.flatMap((seconds) => {
      const x = leftOf(doing) + wide(seconds * 1000)
      return [
        line([x, TOP], [x, bottom], GREY, { 'stroke-opacity': 0.25 }),
        text(x, bottom + 14, String(seconds), { 'text-anchor': 'middle' }),
      ]
    }),
  ])
  const small = { 'font-size': 8.5 }
  const bars = measured.flatMap(({ name, setting, doing, took }) => {
    const [x, width] = [leftOf(doing), wide(took ?? stoppedAfter)]
    const y = TOP + 4 + names.indexOf(name) * CLIENT + SETTINGS.indexOf(setting) * BAR
    const size = { x, y: y.toFixed(1), width: width.toFixed(1), height: 8.4, fill: COLOURS[setting] }
    return [
      element('rect', took === null ? { ...size, 'fill-opacity': 0.45 } : size),
      took === null
        ? text(x + width - 3, y + 7.4, `> ${stoppedAfter / 1000} s`, { ...small, 'text-anchor': 'end' })
        : text(x + width + 3, y + 7.4, `${(took / 1000).toFixed(1)} s`, small),
    ]
  })
  const clientNames = names.map((name, index) =>
    text(LEFT - 8, TOP + CLIENT * (index + 0.5), name, { 'font-size': 12, 'text-anchor': 'end' }),
  )
  const legend = Object.entries(CHARTED).flatMap(([setting, name], index) => {
    const x = LEFT + index * 250
    const square = { x, y: bottom + 30, width: 10, height: 10, fill: COLOURS[setting as Charted] }
    return [element('rect', square), text(x + 16, bottom + 39, name, { 'font-size': 12 })]
  })
  const width = leftOf('connecting') + PANEL.width + 36
  const title = 'The server is gone: seconds until the client gets an error'
  return picture(title, width, bottom + 52, [...panels, ...clientNames, ...bars, ...legend])
}
