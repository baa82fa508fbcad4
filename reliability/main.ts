/** `npm run reliability -- PART`: tries to break the package in one way, and prints the figures. */
import { UsageError } from './arguments.ts'
import { type Measured, record } from './record.ts'

/** Each is a section of docs/reliability.md. */
const parts: Readonly<Record<string, readonly [what: string, load: () => Promise<Measured>]>> = {
  fuzz: ['random calls with random arguments, in child processes', () => import('./fuzz/main.ts')],
  race: ['closed sockets whose descriptor numbers are reused', () => import('./race/main.ts')],
  reach: ["files and sockets that come and go while reach: 'process' scans", () => import('./reach/main.ts')],
  soak: ['pools of held connections under one fault after the other', () => import('./soak/soak.ts')],
  'slow-readers': ['peers that read slowly, and then die', () => import('./deadline/slow-readers.ts')],
  'handed-over': [
    'data written before a close, read 3 minutes later',
    () => import('./deadline/handed-over.ts'),
  ],
  failover: ['a dead server, and another under the same name', () => import('./deadline/failover.ts')],
  loss: ['peers that read at random, over a network with loss', () => import('./deadline/loss.ts')],
  'supply-chain': ['what a user installs, and where it comes from', () => import('./supply-chain.ts')],
  sanitizers: ['the memory of the native part', () => import('./sanitizers/sanitizers.ts')],
  'life-cycle': ['threads, contexts, processes and copies', () => import('./life-cycle/life-cycle.ts')],
}

const [name = '--help', ...rest] = process.argv.slice(2)
const part = Object.hasOwn(parts, name) ? parts[name] : undefined
if (part === undefined) {
  const list = Object.entries(parts).map(([each, [what]]) => `  ${each.padEnd(14)}${what}`)
  console.log(`npm run reliability -- PART [OPTIONS] [--record]\n\n${list.join('\n')}\n
--help after a part shows its options; --record writes the figures into docs/reliability.md.`)
  process.exitCode = name === '--help' ? 0 : 2
} else {
  const { usage, run } = await part[1]()
  if (rest.includes('--help'))
    console.log(`npm run reliability -- ${name} [OPTIONS] [--record]\n\n  ${usage.trim()}`)
  else {
    const options = rest.filter((option) => option !== '--record')
    const figures = await run(options).catch(refuse)
    for (const [what, figure] of figures) console.log(`${what}: ${figure}`)
    const command = ['npm run reliability --', name, ...options].join(' ')
    if (options.length < rest.length) record(name, command, figures)
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof UsageError)) throw error
  console.error(error.message)
  process.exit(2)
}
