/** The second table: the instructions of a call, by owner. */
import { OWNERS, type Owner } from './owners.ts'
import type { Measurements } from './rows.ts'

/** The calls whose instructions are counted (programs/instructions.ts), in words. */
export const WAYS: Readonly<Record<string, string>> = {
  package: '`setKeepAlive(socket, { time, interval, retries })`',
  binding: "the binding's own call, with six arguments",
  c: 'C behind the same six arguments',
  node: "Node's own `socket.setKeepAlive` with four arguments, which checks nothing",
  koffi: 'koffi, which is called four times',
  'tcp-info': '`getTcpInfo(socket)`',
  'tcp-info-binding': "the binding's own call for it, with two arguments",
}

/** Each number is rounded by itself. */
export function instructionTable(all: Measurements): string {
  const rows = Object.entries(WAYS).flatMap(([way, what]) => {
    const one = all.get(`instructions-${way}`)
    if (!one) return []
    const owners = one['owners'] as Readonly<Record<Owner, number>>
    const cells = [one['instructions'] as number, ...OWNERS.map((owner) => owners[owner])].map(Math.round)
    return [`| ${what} | ${cells.join(' | ')} |\n`]
  })
  if (rows.length === 0) return 'Not counted: valgrind is missing (Debian: `apt-get install valgrind`).\n'
  const by = all.get('instructions-package')?.['by'] as string
  const titles = ['instructions a call', 'all', ...OWNERS].join(' | ')
  const head = `| ${titles} |\n|---|--:|${'--:|'.repeat(OWNERS.length)}\n`
  return `Counted by ${by}.\n\n${head}${rows.join('')}`
}
