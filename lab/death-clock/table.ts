/** The death clock in docs/death-clock.md. */
import { DOINGS, type Measured } from '../clients/clock.ts'
import { table, withSections } from '../markdown.ts'
import { CHARTED, type Result, TITLES } from './result.ts'

/** @param page the page, with older tables */
export function writeTable(page: string, { node, clients, measured, stoppedAfter }: Result): string {
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
  const circumstances = `On Node ${node}. All measurements stop ${stop} s after the cut.`
  return withSections(page, 'written', {
    measured: `${circumstances}\n\n${tables.join('\n')}`,
    options: table(['client', 'its own option'], own),
  })
}

function inSource(options: object): string {
  const members = Object.entries(options).map(([name, value]) => `${name}: ${value}`)
  return `{ ${members.join(', ')} }`
}
