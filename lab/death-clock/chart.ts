/** The death clock as an SVG, drawn by Vega. */
import { drawSvg } from '../draw-svg.ts'
import { type Doing, DOINGS } from '../clients/clock.ts'
import type { Charted, Result } from './result.ts'

const PANEL = { width: 165, height: 430, gap: 22 }

/** Seen on a light ground and on a dark one. */
const COLOURS = { defaults: '#8c959f', own: '#bf8700', bare: '#4a8fe7', ours: '#2da44e' }

const LEGEND: Readonly<Record<Charted, string>> = {
  defaults: "the client's defaults",
  own: 'its own option',
  bare: 'tcp-keepalive, the bare line (60 s)',
  ours: 'tcp-keepalive, 6 s',
}

const PANELS: Readonly<Record<Doing, string>> = {
  idle: 'idle',
  waiting: 'waiting for an answer',
  writing: 'writing at once',
  later: 'writing 4 s later',
  connecting: 'connecting',
}

export async function drawChart(result: Result): Promise<string> {
  return drawSvg(specOf(result))
}

function specOf({ measured, stoppedAfter }: Result): object {
  const stop = stoppedAfter / 1000
  const values = measured.map(({ name, setting, doing, took }) => ({
    name,
    setting: LEGEND[setting],
    doing: PANELS[doing],
    seconds: took === null ? stop : took / 1000,
    text: took === null ? `> ${stop} s` : `${(took / 1000).toFixed(1)} s`,
    late: took === null,
  }))
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    width: DOINGS.length * PANEL.width + (DOINGS.length - 1) * PANEL.gap,
    height: PANEL.height,
    padding: 8,
    title: {
      text: 'The server is gone: seconds until the client is told',
      anchor: 'start',
      fontSize: 15,
      offset: 12,
    },
    data: [{ name: 'all', values }],
    scales: [
      band('client', 'name', PANEL.height, 0.18),
      { name: 'colour', type: 'ordinal', domain: Object.values(LEGEND), range: Object.values(COLOURS) },
      { name: 'seconds', type: 'linear', domain: [0, stop], range: [0, PANEL.width] },
      {
        name: 'left',
        type: 'ordinal',
        domain: Object.values(PANELS),
        range: DOINGS.map((_, place) => place * (PANEL.width + PANEL.gap)),
      },
      { name: 'slot', type: 'band', domain: Object.values(LEGEND), range: [0, (PANEL.height / 9.2) * 0.82] },
    ],
    axes: [
      { orient: 'left', scale: 'client', domain: false, ticks: false, labelFontSize: 12, labelPadding: 8 },
    ],
    legends: [
      {
        fill: 'colour',
        orient: 'bottom',
        direction: 'horizontal',
        symbolType: 'square',
        labelFontSize: 12,
        labelLimit: 300,
      },
    ],
    marks: [panel()],
  }
}

function panel(): object {
  const y = { scale: 'client', field: 'name', offset: { scale: 'slot', field: 'setting' } }
  return {
    type: 'group',
    from: { facet: { name: 'panel', data: 'all', groupby: 'doing' } },
    encode: {
      enter: {
        x: { scale: 'left', field: 'doing' },
        width: { value: PANEL.width },
        height: { value: PANEL.height },
      },
    },
    title: {
      text: { signal: 'parent.doing' },
      fontSize: 12,
      fontWeight: 'normal',
      anchor: 'start',
      frame: 'group',
    },
    axes: [
      {
        orient: 'bottom',
        scale: 'seconds',
        tickCount: 5,
        grid: true,
        gridColor: '#8c959f',
        gridOpacity: 0.25,
        domain: false,
        ticks: false,
      },
    ],
    marks: [
      {
        type: 'rect',
        from: { data: 'panel' },
        encode: {
          enter: {
            y,
            height: { scale: 'slot', band: 0.86 },
            x: { value: 0 },
            x2: { scale: 'seconds', field: 'seconds' },
            fill: { scale: 'colour', field: 'setting' },
            fillOpacity: [{ test: 'datum.late', value: 0.45 }, { value: 1 }],
          },
        },
      },
      {
        type: 'text',
        from: { data: 'panel' },
        encode: {
          enter: {
            y: { ...y, band: 0 },
            dy: { scale: 'slot', band: 0.45 },
            baseline: { value: 'middle' },
            fontSize: { value: 8.5 },
            text: { field: 'text' },
            x: { scale: 'seconds', field: 'seconds', offset: { signal: 'datum.late ? -3 : 3' } },
            align: { signal: "datum.late ? 'right' : 'left'" },
          },
        },
      },
    ],
  }
}

function band(name: string, field: string, size: number, padding: number): object {
  return { name, type: 'band', domain: { data: 'all', field }, range: [0, size], padding }
}
