/** Runs commands, counts what passed, failed and was left out, and says so at the end. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { isAbsolute } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from './ready.mjs'
import { lastLines } from './reports.mjs'
import { SEED } from './seed.mjs'

/** So long after a program's end the rest of its output is awaited. */
const LINGERING_MS = 10_000

export class Suite {
  passed = 0
  failed = 0
  skipped = 0
  #failures = []
  #leftOut = []

  /** A command that passes or fails as a whole; its output is shown where it fails. */
  check(title, command, args, environment = {}) {
    const { isTTY } = process.stdout
    if (isTTY) process.stdout.write(`  \u2026 ${title}`)
    const begin = performance.now()
    const env = { ...process.env, ...environment }
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', env })
    const took = `${((performance.now() - begin) / 1000).toFixed(1)} s`
    if (isTTY) process.stdout.write('\r\u001B[K')
    // A path is that of a tool in node_modules, which has to be there.
    if (error?.code === 'ENOENT' && !isAbsolute(command)) {
      return this.leaveOut(`${title}: the command "${command}" was not found`)
    }
    if (status === 0) {
      this.passed++
      console.log(`  \u2714 ${title} (${took})`)
      return
    }
    this.#fail(title, lastLines(`${stdout ?? ''}${stderr ?? error}`))
    console.log(`  \u2718 ${title} (${took})\n${stdout ?? ''}${stderr ?? error}`)
  }

  /** A command that passes or fails as a whole and takes its time; its output is shown as it comes, or when it has ended. */
  async command(title, command, args, { shown = 'live' } = {}) {
    const { status, all } = await timed(title, command, args, shown)
    if (status === 0) this.passed++
    else this.#fail(title, lastLines(all))
  }

  /** A test runner; its output is shown as it comes, and `read` finds in it the numbers and the failed tests. */
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

  /** A check that cannot be run here, and what is missing for it. With CI set, that is a failure. */
  leaveOut(reason) {
    if (!process.env.CI) this.skipped++
    this.explainSkips(reason)
  }

  /** Why a runner will leave tests out, which it counts itself. */
  explainSkips(reason) {
    if (process.env.CI) this.#fail(`With CI set nothing may be left out. ${reason}`)
    else this.#leftOut.push(reason)
  }

  /** Prints the whole, with the closing line last, and sets the exit code. */
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

  /** For the list at the end: the part of a log that is always read. */
  #tell(title, error) {
    this.#failures.push([title, ...error].join('\n      '))
  }
}

/** What a program leaves behind may keep its output open: that is not waited for. */
async function ended(child) {
  const closed = once(child, 'close')
  const [status] = await once(child, 'exit') // throws where it cannot be started
  const patience = new AbortController()
  const waited = sleep(LINGERING_MS, undefined, { signal: patience.signal }).catch(() => {})
  await Promise.race([closed, waited])
  patience.abort()
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

/** Runs a command, shows its output as it comes (`live`), and returns its standard output, and all that it printed. */
export async function stream(command, args, shown = 'live') {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let all = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk
    all += chunk
    if (shown === 'live') process.stdout.write(chunk)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    all += chunk
    if (shown === 'live') process.stderr.write(chunk)
  })
  const status = await ended(child)
  return { status, output, all }
}

function bullets(lines) {
  return lines.map((line) => `  - ${line}`).join('\n')
}
