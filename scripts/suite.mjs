/** Runs commands, and prints at the end what passed, failed and was left out. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { isAbsolute } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from './ready.mjs'
import { lastLines } from './reports.mjs'
import { SEED } from './seed.mjs'

/** How long to wait for the rest of the output after a program's end. */
const LINGERING_MS = 10_000

export class Suite {
  passed = 0
  failed = 0
  skipped = 0
  #failures = []
  #leftOut = []

  /** Runs a command that passes or fails as a whole. Shows its output only if it fails. */
  check(title, command, args, environment = {}) {
    const { isTTY } = process.stdout
    if (isTTY) process.stdout.write(`  \u2026 ${title}`)
    const begin = performance.now()
    const env = { ...process.env, ...environment }
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', env })
    const output = `${stdout ?? ''}${stderr ?? error}`
    const took = `${((performance.now() - begin) / 1000).toFixed(1)} s`
    if (isTTY) process.stdout.write('\r\u001B[K')
    // Only a tool in node_modules has a path, and it must be there.
    if (error?.code === 'ENOENT' && !isAbsolute(command)) {
      return this.leaveOut(`${title}: the command "${command}" was not found`)
    }
    console.log(`  ${status === 0 ? '\u2714' : '\u2718'} ${title} (${took})`)
    if (status === 0) {
      this.passed++
    } else {
      this.#fail(title, lastLines(output))
      console.log(output)
    }
  }

  /** Runs a long command that passes or fails as a whole. Shows its output live, or when it has ended. */
  async command(title, command, args, { shown = 'live' } = {}) {
    const { status, all } = await timed(title, command, args, shown)
    if (status === 0) this.passed++
    else this.#fail(title, lastLines(all))
  }

  /** Runs a test runner and shows its output live. `read` finds the counts and the failed tests in the output. */
  async run(title, command, args, read) {
    const { status, output, all } = await timed(title, command, args, 'live')
    const { passed, failed, skipped, failures } = read(output)
    this.passed += passed
    this.skipped += skipped
    if (passed === 0 && failed === 0) return this.#fail(`${title}: no test was run`, lastLines(all))
    if (status === 0) return
    this.failed += Math.max(1, failed)
    if (failures.length === 0) this.#tell(title, lastLines(all))
    for (const { name, error } of failures) this.#tell(`${title}: ${name}`, error)
  }

  /** Notes that a check cannot be run here, and why. With CI set, that is a failure. */
  leaveOut(reason) {
    if (!process.env.CI) this.skipped++
    this.explainSkips(reason)
  }

  /** Notes why a runner will leave tests out. The runner counts them. */
  explainSkips(reason) {
    if (process.env.CI) this.#fail(`With CI set nothing may be left out. ${reason}`)
    else this.#leftOut.push(reason)
  }

  /** Prints what was left out, what failed, and last the counts. Sets the exit code. */
  close() {
    if (this.#leftOut.length > 0) console.log(`\nLeft out:\n${bullets(this.#leftOut)}`)
    if (this.#failures.length > 0) {
      const seed = process.env[SEED]
      if (seed !== undefined) this.#tell(`the seed of the random tests: ${SEED}=${seed}`, [])
      console.log(`\nFailed:\n${bullets(this.#failures)}`)
    }
    console.log(`\n${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`)
    if (this.failed > 0) process.exitCode = 1
  }

  #fail(title, error = []) {
    this.failed++
    this.#tell(title, error)
  }

  /** Adds to the list at the end, the part of a log that everybody reads. */
  #tell(title, error) {
    this.#failures.push([title, ...error].join('\n      '))
  }
}

/** Waits for the end of a program, and then only a short time for its output, which a background process may keep open. */
async function ended(child) {
  const closed = once(child, 'close')
  const [status] = await once(child, 'exit') // throws if it cannot be started
  await Promise.race([closed, sleep(LINGERING_MS, undefined, { ref: false })])
  for (const output of [child.stdout, child.stderr]) output.destroy()
  return status
}

async function timed(title, command, args, shown) {
  console.log(`\n\u2022 ${title}`)
  const begin = performance.now()
  const found = await stream(command, args, shown)
  if (shown === 'at the end') console.log(`\n\u2022 ${title}\n${found.all.trimEnd()}`)
  console.log(`\u2022 ${title}: ${Math.round((performance.now() - begin) / 1000)} s`)
  return found
}

/** Runs a command. Returns its exit code, its standard output, and all that it printed. With `live`, shows the output meanwhile. */
export async function stream(command, args, shown = 'live') {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let all = ''
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (chunk) => {
      if (name === 'stdout') output += chunk
      all += chunk
      if (shown === 'live') process[name].write(chunk)
    })
  }
  const status = await ended(child)
  return { status, output, all }
}

function bullets(lines) {
  return lines.map((line) => `  - ${line}`).join('\n')
}
