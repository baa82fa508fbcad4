/** The death clock as a page of Markdown. */
import { DOINGS, type Measured } from '../clients/clock.ts'
import { table } from '../markdown.ts'
import { CHARTED, type Result, TITLES } from './result.ts'

export function writeTable({ node, clients, measured, stoppedAfter }: Result): string {
  const stop = stoppedAfter / 1000
  const head = ['client', ...Object.values(CHARTED)]
  const tables = DOINGS.map((doing) => {
    const rows = Object.keys(clients).map((name) => {
      const cells = Object.keys(CHARTED).map((setting) => {
        const isThis = (one: Measured): boolean =>
          one.name === name && one.setting === setting && one.doing === doing
        const took = measured.find(isThis)?.took ?? null
        return took === null ? `> ${stop}` : (took / 1000).toFixed(1)
      })
      return [name, ...cells]
    })
    return `## ${TITLES[doing]}\n\n${table(head, rows)}`
  })
  const own = Object.entries(clients).map(([name, { version, own }]) => [
    `${name} ${version}`,
    `\`${inSource(own)}\``,
  ])
  return `# The death clock

![How long clients wait for a server that is gone](death-clock.svg)

The cable between a client and its server is cut. The tables show how many seconds pass until the client gets an error: on an idle
connection, on one that waits for an answer, on one that writes at once, on one that writes 4 s later, and on a new attempt to
connect. The time of a write counts from the write, and the time of connecting from the attempt. All measurements stop ${stop} s after the
cut. "The bare line" is \`node --import tcp-keepalive/register\` without any variable, which means \`detectWithin\` 60 s.

\`npm run docs -- death-clock\` measured this on Node ${node}, with real servers in the
[network laboratory](../lab/network/README.md). The figures are in [death-clock.json](death-clock.json).

${tables.join('\n')}
## The clients' own options

A message broker's client waits for a message on a queue or subject to which it has subscribed. The clients' own options are
those for TCP keepalive, with the shortest times that Node accepts: the first probe after a second of silence, and the end ten seconds
later. Keepalive does not run while written data is unacknowledged; the kernel retransmits it for about 15 minutes. mqtt and nats have
no such option, but their protocols have a ping:

${table(['client', 'its own option'], own)}`
}

function inSource(options: object): string {
  const members = Object.entries(options).map(([name, value]) => `${name}: ${value}`)
  return `{ ${members.join(', ')} }`
}
