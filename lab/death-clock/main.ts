/**
 * `npm run docs -- death-clock`: cuts the cable between every driver and its server, waits, and writes what came of it
 * to docs/: the figures (death-clock.json), a table (death-clock.md) and a chart (death-clock.svg). With `--draw` table
 * and chart are made anew from the figures that are there.
 */
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { clients } from '../clients/catalogue.ts'
import { competitors, DETECT_WITHIN, runDeathClock } from '../clients/clock.ts'
import { matrixUnavailable } from '../clients/matrix.ts'
import { drawChart } from './chart.ts'
import { CHARTED, type Charted, type Result } from './result.ts'
import { writeTable } from './table.ts'

/** The bare line tells of a write after 60 s at the latest; the last comes 4 s after the cut. */
const STOP_AFTER = 75_000

const result = process.argv.includes('--draw') ? await readResult() : await measure()
await writeFile(new URL('death-clock.md', docs()), writeTable(result))
await writeFile(new URL('death-clock.svg', docs()), drawChart(result))
console.log('Written: docs/death-clock.json, docs/death-clock.md, docs/death-clock.svg')

async function readResult(): Promise<Result> {
  return JSON.parse(await readFile(new URL('death-clock.json', docs()), 'utf8')) as Result
}

async function measure(): Promise<Result> {
  const missing = await matrixUnavailable()
  if (missing) throw new Error(missing)
  console.log(
    `The servers start, ${competitors.length * 16} connections are opened, the cable is cut, and ${STOP_AFTER / 1000} s go by.`,
  )
  const all = await runDeathClock(CHARTED, STOP_AFTER)
  const measured = all.map(({ name, setting, doing, took, told }) => ({
    name,
    setting: setting as Charted,
    doing,
    took,
    told,
  }))
  const names = [...new Set(measured.map(({ name }) => name))]
  const result: Result = {
    node: process.versions.node,
    detectWithin: DETECT_WITHIN,
    stoppedAfter: STOP_AFTER,
    clients: Object.fromEntries(names.map((name) => [name, about(name)])),
    measured,
  }
  await writeFile(new URL('death-clock.json', docs()), `${JSON.stringify(result, undefined, 2)}\n`)
  return result
}

function docs(): URL {
  return new URL('../../docs/', import.meta.url)
}

function about(name: string): Result['clients'][string] {
  const client = clients.get(name) as { package: string; clock: { own: object } }
  const manifest = new URL(`../../examples/node_modules/${client.package}/package.json`, import.meta.url)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  return { version, own: client.clock.own }
}
