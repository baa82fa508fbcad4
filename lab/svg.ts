/** Pictures for the documentation, as SVG for light and dark backgrounds. */

type Attributes = Readonly<Record<string, string | number>>

/** The colour of text depends on the background. */
const STYLE = `<style>text { fill: #57606a } @media (prefers-color-scheme: dark) { text { fill: #adbac7 } }</style>`

export function element(name: string, attributes: Attributes, content = ''): string {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`)
  return `<${name}${words.join('')}>${content}</${name}>`
}

export function line(
  from: readonly [x: number, y: number],
  to: readonly [x: number, y: number],
  stroke: string,
  more: Attributes = {},
): string {
  return element('line', { x1: from[0], y1: from[1], x2: to[0], y2: to[1], stroke, ...more })
}

export function text(x: number, y: number, content: string, more: Attributes = {}): string {
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return element('text', { x, y, 'font-size': 11, ...more }, safe)
}

/** A whole picture. The title has the top 24 pixels, and `parts` are below it. */
export function picture(title: string, width: number, height: number, parts: readonly string[]): string {
  const size = { viewBox: `0 0 ${width} ${height}`, width, height, 'font-family': 'sans-serif' }
  const head = text(8, 18, title, { 'font-size': 15, 'font-weight': 'bold' })
  const lines = [STYLE, head, ...parts].join('\n')
  return `${element('svg', { xmlns: 'http://www.w3.org/2000/svg', ...size }, `\n${lines}\n`)}\n`
}
