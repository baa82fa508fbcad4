/** `npm run reliability -- PART`: tries to break the package in one of several ways, and tells what came of it. */
import { UsageError } from './arguments.ts'
import { type Measured, record } from './record.ts'

/** Each is a section of docs/reliability.md. */
const parts: Readonly<Record<string, readonly [what: string, load: () => Promise<Measured>]>> = {
  fuzz: ['random calls of everything on everything, in child processes', () => import('./fuzz/main.ts')],
  race: ['sockets that die while files and sockets take their numbers', () => import('./race/main.ts')],
  reach: [
    'files and sockets that come and go while all of them are looked over',
    () => import('./reach/main.ts'),
  ],
  soak: ['pools of held connections under one fault after the other', () => import('./soak/soak.ts')],
  'slow-readers': [
    'peers that read slowly or not at all for four deadlines, and then die',
    () => import('./deadline/slow-readers.ts'),
  ],
  'handed-over': [
    'what a program has written and closed, to a peer that reads after 3 minutes',
    () => import('./deadline/handed-over.ts'),
  ],
  failover: [
    "a server's address goes dead, and its name leads to another",
    () => import('./deadline/failover.ts'),
  ],
  loss: ['peers that read at random across a network that loses packets', () => import('./deadline/loss.ts')],
  'supply-chain': ['what a user installs, and from where it comes', () => import('./supply-chain.ts')],
  sanitizers: [
    'the native part under AddressSanitizer, LeakSanitizer and valgrind',
    () => import('./sanitizers/sanitizers.ts'),
  ],
  'life-cycle': [
    'threads, contexts, processes, and copies of the package, from beginning to end',
    () => import('./life-cycle/life-cycle.ts'),
  ],
}

const [name = '--help', ...rest] = process.argv.slice(2)
const part = Object.entries(parts).find(([each]) => each === name)
if (part === undefined) {
  const list = Object.entries(parts).map(([each, [what]]) => `  ${each.padEnd(14)}${what}`)
  console.log(`npm run reliability -- PART [OPTIONS] [--record]\n\n${list.join('\n')}\n
--help after a part tells its options; --record writes the figures into docs/reliability.md.`)
  process.exitCode = name === '--help' ? 0 : 2
} else {
  const [each, [, load]] = part
  const { usage, run } = await load()
  if (rest.includes('--help')) console.log(`npm run reliability -- ${each} [OPTIONS] [--record]\n${usage}`)
  else {
    const options = rest.filter((option) => option !== '--record')
    const figures = await run(options).catch(refuse)
    for (const [what, figure] of figures) console.log(`${what}: ${figure}`)
    const command = ['npm run reliability --', each, ...options].join(' ')
    if (options.length < rest.length) record(each, command, figures)
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof UsageError)) throw error
  console.error(error.message)
  process.exit(2)
}
