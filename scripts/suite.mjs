/** Runs commands one after the other, counts what passed, failed and was left out, and says so at the end. */
import { spawn, spawnSync } from 'node:child_process'
import { root } from './ready.mjs'

export class Suite {
  passed = 0
  failed = 0
  skipped = 0
  #failures = []
  #leftOut = []

  /** A command that passes or fails as a whole; its output is shown where it fails. */
  check(title, command, args) {
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
    if (error?.code === 'ENOENT') return this.leaveOut(`${title}: the command "${command}" was not found`)
    if (status === 0) {
      this.passed++
      console.log(`  \u2714 ${title}`)
      return
    }
    this.#fail(title)
    console.log(`  \u2718 ${title}\n${stdout}${stderr}`)
  }

  /** A command that passes or fails as a whole and takes its time; its output is shown as it comes. */
  async command(title, command, args) {
    const { status } = await this.#stream(title, command, args)
    if (status === 0) this.passed++
    else this.#fail(title)
  }

  /** A test runner; its output is shown as it comes, and `count` finds the numbers in all of it. */
  async run(title, command, args, count) {
    const { status, output } = await this.#stream(title, command, args)
    const counted = count(output)
    this.passed += counted.passed
    this.skipped += counted.skipped
    if (counted.passed === 0 && counted.failed === 0) this.#fail(`${title}: no test was run`)
    else if (status !== 0) this.#fail(title, Math.max(1, counted.failed))
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
    if (this.#failures.length > 0) console.log(`\nFailed:\n${bullets(this.#failures)}`)
    console.log(`\n${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`)
    if (this.failed > 0) process.exitCode = 1
  }

  async #stream(title, command, args) {
    console.log(`\n\u2022 ${title}`)
    const begin = performance.now()
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk
      process.stdout.write(chunk)
    })
    const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
    console.log(`\u2022 ${title}: ${Math.round((performance.now() - begin) / 1000)} s`)
    return { status, output }
  }

  #fail(title, times = 1) {
    this.failed += times
    this.#failures.push(title)
  }
}

function bullets(lines) {
  return lines.map((line) => `  - ${line}`).join('\n')
}

/** Adds up what every pattern's first group says, all over a runner's output. */
function sum(output, pattern) {
  return [...output.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0)
}

export function countCargo(output) {
  return {
    passed: sum(output, /^test result: .*? (\d+) passed/gm),
    failed: sum(output, /^test result: .*? (\d+) failed/gm),
    skipped: sum(output, /^test result: .*? (\d+) ignored/gm),
  }
}

export function countAva(output) {
  return {
    passed: sum(output, /^ {2}(\d+) tests? passed/gm),
    failed: sum(
      output,
      /^ {2}(\d+) (?:tests? failed|uncaught exceptions?|unhandled rejections?|tests? remained? pending)/gm,
    ),
    skipped: sum(output, /^ {2}(\d+) tests? skipped/gm),
  }
}

export function countRuntimes(output) {
  return {
    passed: sum(output, /^runtimes: (\d+) passed/gm),
    failed: sum(output, /^runtimes: .*? (\d+) failed/gm),
    skipped: sum(output, /^runtimes: .*? (\d+) skipped/gm),
  }
}
