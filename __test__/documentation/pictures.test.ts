/** The pictures in the documentation are readable on a light and on a dark background. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { root } from './pages.ts'

/** The backgrounds of GitHub's pages. */
const GROUNDS = { light: '#ffffff', dark: '#0d1117' }

/** WCAG 2.2, 1.4.3 and 1.4.11: minimum contrast for text, and for everything else. */
const TEXT_CONTRAST = 4.5
const SHAPE_CONTRAST = 3

const pictures = (readdirSync(join(root, 'docs'), { recursive: true }) as string[])
  .filter((name) => name.endsWith('.svg'))
  .map((name) => ({ name, svg: readFileSync(join(root, 'docs', name), 'utf8') }))

test('text takes the colour that fits the background, and is readable there', (t) => {
  t.true(pictures.length >= 6)
  for (const { name, svg } of pictures) {
    const [, light = '', dark = ''] =
      /<style>text \{ fill: (#\w{6}) \} @media \(prefers-color-scheme: dark\) \{ text \{ fill: (#\w{6}) \} \}<\/style>/.exec(
        svg,
      ) ?? []
    t.true(contrast(light, GROUNDS.light) >= TEXT_CONTRAST, `${name}: ${light}`)
    t.true(contrast(dark, GROUNDS.dark) >= TEXT_CONTRAST, `${name}: ${dark}`)
  }
})

test('every other colour has enough contrast to both backgrounds', (t) => {
  for (const { name, svg } of pictures) {
    const shapes = svg.replaceAll(/<text[^]*?<\/text>/g, '')
    const colours = new Set(
      [...shapes.matchAll(/(?:fill|stroke)="(#\w{6})"/g)].map(([, colour = '']) => colour),
    )
    t.true(colours.size >= 2, name)
    for (const colour of colours) {
      for (const ground of Object.values(GROUNDS)) {
        t.true(contrast(colour, ground) >= SHAPE_CONTRAST, `${name}: ${colour} on ${ground}`)
      }
    }
  }
})

/** WCAG 2.2, "contrast ratio". */
function contrast(a: string, b: string): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y)
  return (lighter + 0.05) / (darker + 0.05)
}

/** WCAG 2.2, "relative luminance". */
function luminance(colour: string): number {
  const [red = Number.NaN, green = Number.NaN, blue = Number.NaN] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
