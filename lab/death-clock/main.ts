/**
 * `npm run docs -- death-clock`: cuts the cable between every driver and its server, and writes the times of the errors to docs/: the
 * figures (death-clock.json), a table (death-clock.md) and a chart (death-clock.svg). `--draw` only makes the table and the chart
 * from the existing figures.
 */
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { clients } from '../clients/catalogue.ts'
import { competitors, DETECT_WITHIN, DOINGS, runDeathClock } from '../clients/clock.ts'
import { matrixUnavailable } from '../clients/matrix.ts'
import { drawChart } from './chart.ts'
import { CHARTED, type Charted, type Result } from './result.ts'
import { writeTable } from './table.ts'

/** The bare line reports a write after 60 s at the latest. The last write is 4 s after the cut. */
const STOP_AFTER = 75_000

const docs = new URL('../../docs/', import.meta.url)
const figures = new URL('death-clock.json', docs)
const page = new URL('death-clock.md', docs)

if (!process.argv.includes('--draw')) {
  await writeFile(figures, `${JSON.stringify(await measure(), undefined, 2)}\n`)
}
const result = JSON.parse(await readFile(figures, 'utf8')) as Result
await writeFile(page, writeTable(await readFile(page, 'utf8'), result))
await writeFile(new URL('death-clock.svg', docs), drawChart(result))
console.log('Written: docs/death-clock.json, docs/death-clock.md, docs/death-clock.svg')

async function measure(): Promise<Result> {
  const missing = await matrixUnavailable()
  if (missing) throw new Error(missing)
  const settings = Object.keys(CHARTED) as Charted[]
  const connections = competitors.length * DOINGS.length * settings.length
  console.log(`${connections} connections; the measurement stops ${STOP_AFTER / 1000} s after the cut.`)
  const measured = await runDeathClock(settings, STOP_AFTER)
  return {
    node: process.versions.node,
    detectWithin: DETECT_WITHIN,
    stoppedAfter: STOP_AFTER,
    clients: Object.fromEntries(competitors.map((name) => [name, about(name)])),
    measured: measured.map(({ name, setting, doing, took, told }) => {
      return { name, setting: setting as Charted, doing, took, told }
    }),
  }
}

function about(name: string): Result['clients'][string] {
  const client = clients.get(name)
  const manifest = new URL(`../../examples/node_modules/${client?.package}/package.json`, import.meta.url)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  return { version, own: client?.clock?.own ?? client?.own?.(1) ?? {} }
}
