/** The second table: the instructions of a set, and whose they are. */
import { OWNERS, type Owner } from './owners.ts'
import type { Measurements } from './rows.ts'

/** The ways to make a set whose instructions are counted (programs/instructions.ts), in words. */
export const WAYS: Readonly<Record<string, string>> = {
  package: '`setKeepAlive(socket, { time, interval, retries })`',
  binding: "the binding's own call, with six arguments",
  c: 'C behind the same six arguments',
  node: "Node's own `socket.setKeepAlive` with four arguments, which checks nothing",
  koffi: 'koffi, which is called four times',
}

/** Whole numbers, of which each is rounded by itself. */
export function instructionTable(all: Measurements): string[] {
  const rows = Object.entries(WAYS).flatMap(([way, what]) => {
    const one = all.get(`instructions-${way}`)
    if (!one) return []
    const owners = one['owners'] as Readonly<Record<Owner, number>>
    const cells = [one['instructions'] as number, ...OWNERS.map((owner) => owners[owner])].map(rounded)
    return [`| ${what} | ${cells.join(' | ')} |`]
  })
  if (rows.length === 0) return ['Not counted: that takes valgrind (Debian: `apt-get install valgrind`).']
  const by = all.get('instructions-package')?.['by'] as string
  const titles = ['instructions a call', 'all', ...OWNERS]
  return [
    `Counted by ${by}.`,
    '',
    `| ${titles.join(' | ')} |`,
    `|${titles.map((_, place) => (place === 0 ? '---|' : '--:|')).join('')}`,
    ...rows,
  ]
}

function rounded(instructions: number): string {
  return Math.round(instructions).toString()
}
