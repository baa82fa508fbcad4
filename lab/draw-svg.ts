/** Pictures for the documentation, drawn by Vega, which can be read on a light ground and on a dark one. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** Text takes its colour from the reader's. */
const STYLE = `<style>text { fill: #57606a } @media (prefers-color-scheme: dark) { text { fill: #adbac7 } }</style>`

interface Vega {
  parse(spec: object): object
  View: new (view: object, options: object) => { toSVG(): Promise<string> }
}

/** @param spec what is to be drawn (https://vega.github.io/vega/docs/specification/) */
export async function drawSvg(spec: object): Promise<string> {
  // It is a tool of the examples' package, which is no dependency of this one.
  const examples = createRequire(new URL('../examples/package.json', import.meta.url))
  const vega = (await import(pathToFileURL(examples.resolve('vega')).href)) as Vega
  const svg = await new vega.View(vega.parse(spec), { renderer: 'none' }).toSVG()
  return `${svg.replace(/(<svg[^>]*>)/, `$1${STYLE}`)}\n`
}
