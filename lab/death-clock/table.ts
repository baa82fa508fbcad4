/** The death clock as a page of Markdown. */
import { type Doing, DOINGS } from '../clients/clock.ts'
import { table } from '../markdown.ts'
import { CHARTED, type Charted, type Result } from './result.ts'

const TITLES: Readonly<Record<Doing, string>> = {
  idle: 'Idle',
  waiting: 'Waiting for an answer',
  writing: 'Writing at once',
  later: 'Writing 4 s after the cut',
  connecting: 'Connecting',
}

export function writeTable(result: Result): string {
  const [stop, within] = [result.stoppedAfter / 1000, result.detectWithin / 1000]
  const head = ['client', ...CHARTED.map((setting) => heading(setting, within))]
  const tables = DOINGS.map((doing) => {
    const rows = Object.keys(result.clients).map((name) => [name, ...cellsOf(result, name, doing)])
    return `## ${TITLES[doing]}\n\n${table(head, rows)}`
  })
  const own = Object.entries(result.clients).map(([name, { version, own }]) => [
    `${name} ${version}`,
    `\`${inSource(own)}\``,
  ])
  return `# The death clock

![How long clients wait for a server that is gone](death-clock.svg)

The cable between a client and its server is cut. How many seconds go by until the client is told: on a connection that is
idle, on one that waits for an answer, on one that writes at once, on one that writes 4 s later, and where it opens a new one? The
clock of a write starts at the write, that of connecting at the attempt, and all clocks are stopped ${stop} s after the cut. The bare
line is \`node --import tcp-keepalive/register\` without any variable, which means \`detectWithin\` 60 s. Measured by \`npm run docs -- death-clock\` on Node ${result.node}, with real servers in the
[network laboratory](../lab/network/README.md); the figures are in [death-clock.json](death-clock.json).

${tables.join('\n')}
## The clients' own options

A message broker's client waits for a message on a queue or subject to which it has subscribed. The clients' own options are
those for TCP keepalive, at the shortest that Node takes: the first probe after a second of silence, and the end after ten more,
as Node sets them. What a client has written is not probed for, but sent again, for some 15 minutes. mqtt and nats have no such
option, but a ping of their own protocols:

${table(['client', 'its own option'], own)}`
}

function heading(setting: Charted, within: number): string {
  return {
    defaults: 'defaults',
    own: 'own option',
    bare: 'the bare line',
    ours: `\`detectWithin\` ${within} s`,
  }[setting]
}

function cellsOf({ measured, stoppedAfter }: Result, name: string, doing: Doing): string[] {
  return CHARTED.map((setting) => {
    const found = measured.find((one) => one.name === name && one.setting === setting && one.doing === doing)
    const took = found?.took ?? undefined
    return took === undefined ? `> ${stoppedAfter / 1000}` : (took / 1000).toFixed(1)
  })
}

/** As a person would write it. */
function inSource(options: object): string {
  const members = Object.entries(options).map(([name, value]) => `${name}: ${value}`)
  return `{ ${members.join(', ')} }`
}
