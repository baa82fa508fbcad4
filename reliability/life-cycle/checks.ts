/** Runs the programs of this folder on a given Node. Each check throws if anything differs from the documentation. */
import { strict as assert } from 'node:assert'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { type Ended, end, run } from '../../lab/run.ts'
import { inTemporaryFolder } from '../../lab/temporary.ts'

/** A program that hangs is ended by a signal, and its check fails. */
const LONGEST_MS = 600_000

function options(variables = {}): NonNullable<Parameters<typeof run>[2]> {
  const environment = { ...process.env, NODE_OPTIONS: '', ...variables }
  return { cwd: import.meta.dirname, environment, timeout: LONGEST_MS }
}

/** What a program prints as JSON at its end. */
async function printedBy<T>(node: string, ...words: ReadonlyArray<string | number>): Promise<T> {
  return JSON.parse(await run(node, words.map(String), options())) as T
}

/** What threads leave behind, and the memory that as many threads leave behind without the package. */
export interface Left {
  readonly descriptors: number
  readonly kilobytes: number
  readonly kilobytesWithout: number
}

/** More than memory differs from run to run, and less than 100 KB a thread for 500. LeakSanitizer finds smaller leaks. */
const LIMIT_KILOBYTES = 32_768

export async function threads(node: string, count: number, atOnce: number): Promise<Left> {
  const without = await printedBy<Left>(node, 'threads.cjs', count, atOnce, 'without')
  const left = await printedBy<Left>(node, 'threads.cjs', count, atOnce)
  assert.equal(left.descriptors, 0, `${left.descriptors} descriptors are left`)
  assert.ok(left.kilobytes - without.kilobytes < LIMIT_KILOBYTES, `${left.kilobytes} KB are left`)
  return { ...left, kilobytesWithout: without.kilobytes }
}

/** @returns the number of checks, with the package loaded here and within another context */
export async function realms(node: string): Promise<number> {
  return printedBy(node, 'realms.cjs')
}

/** @returns the number of connections of the workers, in both ways to share a listener */
export async function cluster(node: string, workers: number, connections: number): Promise<number> {
  let all = 0
  for (const scheduling of ['round-robin', 'none']) {
    all += await printedBy<number>(node, 'cluster.cjs', workers, connections, scheduling)
  }
  return all
}

/** @returns the number of connections that were passed to a child */
export async function passing(node: string, sockets: number): Promise<number> {
  return printedBy(node, 'passing.cjs', sockets)
}

/** Two versions of the package in one thread. @returns the number of checks, each with either copy as the first */
export async function copies(node: string): Promise<number> {
  return inTemporaryFolder('copy', async (folder) => {
    const bindings = (await readdir(ROOT)).filter((file) => file.endsWith('.node'))
    for (const file of ['dist', 'index.js', ...bindings]) {
      await cp(join(ROOT, file), join(folder, file), { recursive: true })
    }
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, version: '99.0.0' }))
    return printedBy(node, 'copies.cjs', folder)
  })
}

const places = createRequire(import.meta.url)('./endings.cjs') as readonly string[]

/** Nothing is thrown here, because it runs inside an event: the error is reported. */
const REPORTED = 'a match function'

/** The result that each way must have: that of a program which does the same outside of any call. */
const ways: Readonly<Record<string, (ended: Ended, place: string) => void>> = {
  exit({ code, stdout, stderr }) {
    assert.deepEqual([code, stdout, stderr], [7, '', ''])
  },
  throw({ code, stdout, stderr }, place) {
    const isReported = place === REPORTED
    assert.deepEqual([code, stdout], [isReported ? 0 : 1, ''])
    if (isReported) assert.match(stderr, /TCP_KEEPALIVE_NOT_SET.*in the middle/)
    else assert.match(stderr, /\nError: in the middle\n {4}at (?:Socket\.|Server\.)?inTheMiddle /)
  },
  'throw caught'({ code, stdout }, place) {
    assert.deepEqual([code, stdout], [0, place === REPORTED ? '' : 'went on\n'])
  },
}

/** Programs that end or throw within a call. @returns their number */
export async function endings(node: string): Promise<number> {
  for (const place of places) {
    const ended = Object.entries(ways).map(async ([way, check]) => {
      const result = await end(node, ['endings.cjs', place, ...way.split(' ')], options())
      try {
        assert.equal(result.signal, null)
        check(result, place)
      } catch (cause) {
        throw new Error(`${place}, ${way}:\n${result.stdout}${result.stderr}`, { cause })
      }
    })
    await Promise.all(ended)
  }
  return places.length * Object.keys(ways).length
}

/** Throws if the package does not work with --allow-addons, or does not say without it what is forbidden. */
export async function permission(node: string): Promise<void> {
  const allowed = await underPermission(node, ['--allow-addons', 'permission.cjs'])
  assert.deepEqual(allowed, [{ time: 16_000 }, ''])

  const [{ code, message }] = await underPermission(node, ['permission.cjs'])
  assert.equal(code, 'ERR_TCP_KEEPALIVE_NO_BINARY')
  assert.match(String(message), /is forbidden\.\n[^]*- Node runs with --permission: add --allow-addons\.$/)

  const registered = ['--require=tcp-keepalive/register', '--eval=console.log("{}")']
  const line =
    'tcp-keepalive: The native binary of tcp-keepalive is forbidden (npx tcp-keepalive doctor says more); this program runs unprotected\n'
  assert.deepEqual(await underPermission(node, registered), [{}, line])
  assert.deepEqual(await underPermission(node, ['--allow-addons', ...registered]), [{}, ''])
}

async function underPermission(
  node: string,
  words: readonly string[],
): Promise<readonly [Readonly<Record<string, unknown>>, string]> {
  const program = 'console.log(JSON.stringify([...process.allowedNodeEnvironmentFlags]))'
  const flags = await printedBy<readonly string[]>(node, '--eval', program)
  const parameters = [
    flags.includes('--permission') ? '--permission' : '--experimental-permission', // before Node 23.5 and 22.13
    '--allow-fs-read=*',
    ...(flags.includes('--allow-net') ? ['--allow-net'] : []), // from Node 25 on
    ...words,
  ]
  // Older versions warn that the permission model is experimental.
  const { code, stdout, stderr } = await end(node, parameters, options({ NODE_NO_WARNINGS: '1' }))
  assert.equal(code, 0, stderr)
  return [JSON.parse(stdout) as Record<string, unknown>, stderr]
}
