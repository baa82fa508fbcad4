/** What the package adds to a short program: register where nothing connects, and the first set, the binary included. */
import { execFileSync } from 'node:child_process'
import { type Spread, spread } from '../paired.ts'
import { pairedPrograms } from '../processor-time.ts'
import { say } from '../say.ts'

const installation = process.env['BENCH_INSTALLATION'] ?? ''
const NOTHING = ['--eval', '0']
const NET = ['node-net.cjs']
/** An empty file, by its path and found as a package. */
const EMPTY = ['--require', './empty.cjs']
const PACKAGE = ['--require', 'nothing/register']
const REGISTER = ['--require', 'tcp-keepalive/register']

function node(words: readonly string[], variables: Readonly<Record<string, string>> = {}): string {
  const env = { ...process.env, NODE_OPTIONS: '', ...variables }
  return execFileSync(process.execPath, words, { cwd: installation, encoding: 'utf8', env })
}

const run = (...words: readonly string[]) => {
  return (): void => {
    node(words)
  }
}

await say('register', () => pairedPrograms(run(...EMPTY, ...NOTHING), run(...REGISTER, ...NOTHING)))
await say('register-package', () => pairedPrograms(run(...PACKAGE, ...NOTHING), run(...REGISTER, ...NOTHING)))
await say('register-net', () => pairedPrograms(run(...EMPTY, ...NET), run(...REGISTER, ...NET)))
await say('register-variables', () =>
  pairedPrograms(run(...EMPTY, ...NOTHING), () => {
    node([...REGISTER, ...NOTHING], { TCP_KEEPALIVE_DETECT_WITHIN: '30s', TCP_KEEPALIVE_MATCH: '*:5432' })
  }),
)
await say('first-set-program', () => pairedPrograms(run('connection.cjs'), run('connection-set.cjs')))

const ROUNDS = 30
/** Without a stream, which would load node:net. */
const SAY_MEMORY = `require('node:fs').writeSync(1, String(process.resourceUsage().maxRSS))`

/** The most memory that a program had, in MB. */
function memory(words: readonly string[]): number {
  return Number(node([...words, '--eval', SAY_MEMORY])) / 1024
}

function memoryOver(reference: readonly string[]): { readonly megabytes: Spread } {
  const differences = Array.from({ length: ROUNDS }, () => memory(REGISTER) - memory(reference))
  return { megabytes: spread(differences) }
}

await say('register-memory', () => memoryOver(EMPTY))
await say('register-package-memory', () => memoryOver(PACKAGE))
