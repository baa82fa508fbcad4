/** Every command in the documentation exists, and those of this package run as written. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { COMMAND_HELP } from '../../src/cli/help.ts'
import { CLI } from '../cli/command.ts'
import { findTool } from '../../lab/network/tools.ts'
import { blocks, root } from './pages.ts'

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>
}

interface Command {
  readonly at: string
  readonly variables: Readonly<Record<string, string>>
  readonly words: readonly string[]
}

/** Replacements for the reader's program. */
const APP = '__test__/documentation/app.cjs'

type Check = (t: ExecutionContext, words: string[], command: Command) => unknown

/** By the first word. `npm run` and `npm start` are looked up in package.json. */
const CHECKS: Readonly<Record<string, Check>> = {
  async npx(t, [tool = '', ...args], command) {
    if (tool === 'tcp-keepalive') {
      if (args[0] === 'ps' && process.platform !== 'linux') return
      if (args[0] === 'drill') return drills(t, args, command)
      await runs(t, command, [CLI, ...(await forHere(t, args))])
      return
    }
    t.is(tool, 'ava', command.at)
    for (const file of args) t.true(existsSync(join(root, file)), `${command.at}: ${file}`)
  },
  async npm(t, [verb = '', ...args], command) {
    const { at, variables } = command
    if (Object.keys(variables).length > 0) await runs(t, command, [APP])
    if (verb === 'install') {
      installs(t, args, at)
      return
    }
    const script = verb === 'run' ? args.find((word) => !word.startsWith('-')) : verb
    t.true(Object.hasOwn(scripts, script ?? ''), `${at}: npm ${verb} ${args.join(' ')}`)
  },
  async node(t, words, command) {
    await runs(
      t,
      command,
      words.map((word) => (word === 'app.js' ? APP : word)),
    )
  },
  /** Its output is piped into a program that is not ours. */
  async git(t, words, { at }) {
    const own = words.includes('|') ? words.slice(0, words.indexOf('|')) : words
    await t.notThrowsAsync(promisify(execFile)('git', own, { cwd: root }), at)
  },
  /** These two run where they are installed, because they are not tools of this repository. */
  bun: (t, words, command) => preloads(t, 'bun', words, command),
  deno: (t, words, command) => preloads(t, 'deno', words, command),
  /** A line with only variables. */
  async ''(t, _, command) {
    await runs(t, command, [APP])
  },
  /** Bundling has a test of its own, which has esbuild. */
  esbuild(t, words, { at }) {
    const slow = readFileSync(join(root, '__test__/install/bundlers.slow.ts'), 'utf8')
    for (const word of words.filter((each) => /^--(?!outfile)/.test(each)))
      t.true(slow.includes(word), `${at}: ${word}`)
  },
  async tcpdump(t, words, { at }) {
    const tool = systemTool(t, 'tcpdump')
    if (tool === undefined) return
    const filter = words.filter((word) => /\s/.test(word))
    await t.notThrowsAsync(promisify(execFile)(tool, ['-y', 'EN10MB', '-d', ...filter]), at)
  },
  async ss(t, words, { at }) {
    const tool = systemTool(t, 'ss')
    if (tool === undefined) return
    await t.notThrowsAsync(promisify(execFile)(tool, words), at)
  },
}

const commands = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ at, text }) => text.split('\n').map((line) => commandOf(at, line)))
  .filter(({ words, variables }) => words.length > 0 || Object.keys(variables).length > 0)

test('the documentation has commands, and the parser of lines understands them', (t) => {
  t.true(commands.length >= 15, String(commands.length))
  const line = "A=1 B='two words' npx tcp-keepalive plan --time 60s # what is set"
  t.deepEqual(commandOf('a page', line), {
    at: 'a page',
    variables: { A: '1', B: 'two words' },
    words: ['npx', 'tcp-keepalive', 'plan', '--time', '60s'],
  })
})

for (const command of commands) {
  const [first = '', ...words] = command.words
  test(`${command.at}: ${[...Object.keys(command.variables), ...command.words].join(' ')}`, async (t) => {
    const check = Object.hasOwn(CHECKS, first) ? CHECKS[first] : undefined
    if (!check) return t.fail(`nobody checks "${first}"`)
    await check(t, words, command)
    return t.pass()
  })
}

/** A drill breaks connections, and has a test of its own (__test__/cli/drill.test.ts). This only checks that the options exist. */
function drills(t: ExecutionContext, args: readonly string[], { at }: Command): void {
  const help = COMMAND_HELP['drill'] ?? ''
  // The words after `--` are another program's.
  const own = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length)
  for (const flag of own.filter((word) => word.startsWith('--')))
    t.true(help.includes(`  ${flag} `), `${at}: ${flag}`)
}

/** The file to load first is one of this package's own. */
async function preloads(
  t: ExecutionContext,
  runtime: string,
  words: readonly string[],
  { at }: Command,
): Promise<void> {
  const module = words[words.indexOf('--preload') + 1] ?? ''
  const file = module.replace('./node_modules/tcp-keepalive/', root)
  t.notThrows(() => createRequire(import.meta.url).resolve(file), at)
  const tool = findTool(runtime)
  if (tool === undefined) return
  const args = words.map((word) => (word === 'app.js' ? APP : word === module ? file : word))
  await t.notThrowsAsync(promisify(execFile)(tool, args, { cwd: root }), at)
}

/** With CI set, the tool must be installed. */
function systemTool(t: ExecutionContext, name: string): string | undefined {
  const tool = findTool(name)
  if (process.env['CI']) t.truthy(tool, name)
  return tool
}

/** Like a shell: quotes, variables in front, a comment at the end. */
function commandOf(at: string, line: string): Command {
  const parts = [...line.matchAll(/(#.*$)|((?:'[^']*'|[^\s'#])+)/g)].flatMap(([, , word]) => word ?? [])
  const words = parts.map((part) => part.replaceAll("'", ''))
  const isVariable = (word: string): boolean => /^[A-Z_]+=/.test(word)
  const firstWord = words.findIndex((word) => !isVariable(word))
  const ahead = firstWord < 0 ? words : words.slice(0, firstWord)
  return {
    at,
    variables: Object.fromEntries(ahead.map((word) => word.split(/=(.*)/s, 2) as [string, string])),
    words: words.slice(ahead.length),
  }
}

/** The command must end as expected, and write nothing to standard error: no unknown option and no invalid value. */
async function runs(t: ExecutionContext, { at, variables }: Command, args: readonly string[]): Promise<void> {
  // This path replaces that of the reader's project.
  const env = Object.entries(variables).map(([name, value]) => [
    name,
    value.replaceAll('/srv/app/node_modules/tcp-keepalive/', root),
  ])
  const ended = promisify(execFile)(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...(Object.fromEntries(env) as object) },
  })
  await t.notThrowsAsync(ended, at)
  t.is((await ended).stderr, '', at)
}

/** The same command for what exists on this machine: its own process, and a server of this test. */
async function forHere(t: ExecutionContext, args: readonly string[]): Promise<string[]> {
  const [name] = args
  if (name === 'watch') {
    const server = net.createServer(() => {}).listen(0, '127.0.0.1')
    t.teardown(() => server.close())
    await once(server, 'listening')
    const peer = `127.0.0.1:${(server.address() as net.AddressInfo).port}`
    return [...args.map((word) => (/^[a-z.]+:\d+$/.test(word) ? peer : word)), '--for', '200ms']
  }
  return args.map((word) => (name === 'ps' && /^\d+$/.test(word) ? String(process.pid) : word))
}

/** What npm, pnpm and yarn do with these has a test of its own (__test__/install). This only checks that the words are npm's. */
function installs(t: ExecutionContext, args: string[], at: string): void {
  const text = { type: 'string' } as const
  t.notThrows(() => {
    const { positionals } = parseArgs({
      args,
      options: { os: text, cpu: text, libc: text },
      allowPositionals: true,
    })
    for (const name of positionals)
      if (name !== 'tcp-keepalive') throw new Error(`not of this package: ${name}`)
  }, at)
}
