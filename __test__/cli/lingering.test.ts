/** A duplicate of another process's socket with SO_LINGER, whose owner closes it meanwhile: whoever closes the last one waits. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, existsSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { preloadLibrary, preloadUnavailable } from '../../lab/preload.ts'
import { unless } from '../needs.ts'
import { CLI } from './command.ts'

const reason =
  process.platform === 'linux' ? preloadUnavailable() : 'Only Linux duplicates sockets of others.'
const test = unless(reason)

/** Half of it is long enough for what does not wait, on any machine. */
const LINGER_SECONDS = 120

/** More than the buffers of both ends take. */
const LENGTH = 64 * 2 ** 20

/** Numbers of /proc/net/tcp; a socket with data in front of its FIN is in the first of them from its close on. */
const FIN_WAIT_1 = '04'

interface Told {
  readonly localPort: number
  readonly taken: number
}

/** By both ports: an earlier connection from the same local port may still be in TIME_WAIT. */
function stateOf(localPort: number, port: number): string | undefined {
  const [local, remote] = [localPort, port].map(
    (each) => `:${each.toString(16).toUpperCase().padStart(4, '0')}`,
  )
  const rows = readFileSync('/proc/self/net/tcp', 'latin1').split('\n').slice(1)
  const found = rows
    .map((row) => row.trim().split(/\s+/))
    .find(([, ours, theirs]) => ours?.endsWith(local ?? '') && theirs?.endsWith(remote ?? ''))
  return found?.[3]
}

class Closing {
  readonly #t: ExecutionContext
  readonly #variables: NodeJS.ProcessEnv
  readonly #server = createServer({ pauseOnConnect: true })
  readonly folder: string
  #owner: ChildProcess | undefined

  constructor(t: ExecutionContext) {
    this.#t = t
    const library = preloadLibrary(t, new URL('linger.c', import.meta.url))
    this.folder = join(library, '..')
    this.#variables = { ...process.env, NODE_OPTIONS: '', LD_PRELOAD: library, FOLDER: this.folder }
  }

  /** Returns the other end, and what the owner says. */
  async open(): Promise<{ peer: Socket; told: Told; pid: number; port: number }> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#t.teardown(() => this.#server.close())
    const { port } = this.#server.address() as AddressInfo
    const connection = once(this.#server, 'connection') as Promise<[Socket]>
    const program = fileURLToPath(new URL('lingering.cjs', import.meta.url))
    const env = { ...this.#variables, LINGER: `${LINGER_SECONDS}` }
    const owner = fork(program, [`${port}`, `${LENGTH}`], { env, execArgv: [] })
    this.#owner = owner
    this.#t.teardown(() => owner.kill('SIGKILL'))
    const [[told], [peer]] = (await Promise.all([once(owner, 'message'), connection])) as [[Told], [Socket]]
    this.#t.teardown(() => peer.destroy())
    return { peer, told, pid: owner.pid ?? 0, port }
  }

  /** Runs a command of the package; returns how it ended, and after how many seconds. */
  async run(...words: string[]): Promise<{ code: number | null; seconds: number; output: string }> {
    const begun = performance.now()
    const command = spawn(process.execPath, [CLI, ...words], {
      env: this.#variables,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#t.teardown(() => command.kill('SIGKILL'))
    let output = ''
    for (const stream of [command.stdout, command.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    }
    const [code] = (await once(command, 'close')) as [number | null]
    return { code, seconds: (performance.now() - begun) / 1000, output }
  }

  get isClosed(): boolean {
    return existsSync(join(this.folder, 'closed'))
  }

  get ownerLives(): boolean {
    return this.#owner?.exitCode === null && this.#owner.signalCode === null
  }
}

/** All of it arrives, and then the end; an error is a reset. */
async function readAll(peer: Socket): Promise<number> {
  let length = 0
  peer.on('data', (data) => (length += data.length)).resume()
  await once(peer, 'end')
  return length
}

test('ps does not wait for a socket with SO_LINGER that is closed meanwhile, and its peer gets all of it', async (t) => {
  t.timeout(300_000)
  const closing = new Closing(t)
  const { peer, told, pid, port } = await closing.open()
  t.true(told.taken > 0 && told.taken < LENGTH) // the rest is for a peer that does not read
  const { code, seconds, output } = await closing.run('ps', String(pid))
  t.true(closing.isClosed, output) // while it was asked
  t.true(seconds < LINGER_SECONDS / 2, `${seconds} s`)
  t.is(code, 0, output)
  t.is(stateOf(told.localPort, port), FIN_WAIT_1)
  t.true(closing.ownerLives)
  t.is(await readAll(peer), told.taken)
})

test('a drill does not wait for such a socket either', async (t) => {
  t.timeout(300_000)
  const closing = new Closing(t)
  const { peer, told, pid, port } = await closing.open()
  const { seconds, output } = await closing.run(
    'drill',
    String(pid),
    '--match',
    `*:${port}`,
    '--within',
    '2s',
  )
  t.true(closing.isClosed, output)
  t.true(seconds < LINGER_SECONDS / 2, `${seconds} s: ${output}`)
  t.is(stateOf(told.localPort, port), FIN_WAIT_1)
  t.true(closing.ownerLives)
  t.is(await readAll(peer), told.taken)
})
