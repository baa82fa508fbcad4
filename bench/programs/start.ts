/** The package's cost in a short program: register without a connection, and the first set, with loading the binary. */
import { execFileSync } from 'node:child_process'
import { type Spread, spread } from '../paired.ts'
import { pairedPrograms } from '../processor-time.ts'
import { say } from '../say.ts'

const installation = process.env['BENCH_INSTALLATION'] ?? ''
const NOTHING = ['--eval', '0']
const NET = ['node-net.cjs']
/** An empty file, loaded by its path, and as a package. */
const EMPTY = ['--require', './empty.cjs']
const PACKAGE = ['--require', 'nothing/register']
const REGISTER = ['--require', 'tcp-keepalive/register']

function node(words: readonly string[], variables: Readonly<Record<string, string>> = {}): string {
  const env = { ...process.env, NODE_OPTIONS: '', ...variables }
  return execFileSync(process.execPath, words, { cwd: installation, encoding: 'utf8', env })
}

const run = (words: readonly string[], variables = {}): (() => void) => {
  return () => void node(words, variables)
}

const VARIABLES = { TCP_KEEPALIVE_DETECT_WITHIN: '30s', TCP_KEEPALIVE_MATCH: '*:5432' }
for (const [name, reference, measured] of [
  ['register', run([...EMPTY, ...NOTHING]), run([...REGISTER, ...NOTHING])],
  ['register-package', run([...PACKAGE, ...NOTHING]), run([...REGISTER, ...NOTHING])],
  ['register-net', run([...EMPTY, ...NET]), run([...REGISTER, ...NET])],
  ['register-variables', run([...EMPTY, ...NOTHING]), run([...REGISTER, ...NOTHING], VARIABLES)],
  ['first-set-program', run(['connection.cjs']), run(['connection.cjs', 'set'])],
] as const) {
  await say(name, () => pairedPrograms(reference, measured))
}

const ROUNDS = 30
/** Without a stream, which would load node:net. */
const SAY_MEMORY = `require('node:fs').writeSync(1, String(process.resourceUsage().maxRSS))`

/** The maximum memory of a program, in MB. */
function memory(words: readonly string[]): number {
  return Number(node([...words, '--eval', SAY_MEMORY])) / 1024
}

function memoryOver(reference: readonly string[]): { readonly megabytes: Spread } {
  const differences = Array.from({ length: ROUNDS }, () => memory(REGISTER) - memory(reference))
  return { megabytes: spread(differences) }
}

await say('register-memory', () => memoryOver(EMPTY))
await say('register-package-memory', () => memoryOver(PACKAGE))
