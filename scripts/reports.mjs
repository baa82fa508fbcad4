/** Reads what test runners print: how many tests passed, failed and were left out, and which failed with which error. */
import { stripVTControlCharacters } from 'node:util'

/** The first and the last lines of an error that are shown: a program's own words are often its last. */
const FIRST = 12
const LAST = 8

/** Where ava begins a message of its own, which ends the error before it. */
const AVA_BEGINS =
  /^ {2}(?:[\u2714\u221a\u2718\u00d7\u25cc] |- \[|Uncaught exception in |Unhandled rejection in |Failed to exit when running |\d+ tests were pending in )/
const AVA_FAILED = /^ {2}[\u2718\u00d7] \[(?:fail|unexpected pass)\]: (.*)$/
const AVA_RULE = '  \u2500'

/** What ava prints, by https://github.com/avajs/ava/blob/main/lib/reporters/default.js. */
export function readAva(printed) {
  const output = stripVTControlCharacters(printed)
  const failed = sum(
    output,
    /^ {2}(\d+) (?:(?:tests?|hooks?) failed|uncaught exceptions?|unhandled rejections?|tests? remained? pending)/gm,
  )
  const { ticks, failures } = readAvaLines(output.split('\n'))
  return {
    // Where a test failed, ava does not say how many passed.
    passed: failed > 0 ? ticks : sum(output, /^ {2}(\d+) tests? passed/gm),
    failed,
    skipped: sum(output, /^ {2}(\d+) tests? skipped/gm),
    failures,
  }
}

/** Failed tests are named where they end, and again with their error between two rules at the end of the run. */
function readAvaLines(lines) {
  const failures = []
  const waiting = []
  let ticks = 0
  let amongErrors = false
  let error
  const begin = (name) => {
    error = []
    failures.push({ name, error })
  }
  for (const line of lines) {
    const text = line.slice(2)
    if (line === AVA_RULE) {
      amongErrors = !amongErrors && waiting.length > 0
      error = undefined
    } else if (amongErrors) {
      if (text !== '' && `${waiting[0]} `.startsWith(`${text} `)) {
        begin(text)
        waiting.shift()
      } else error?.push(line)
    } else if (AVA_BEGINS.test(line)) {
      error = undefined
      const failed = AVA_FAILED.exec(line)?.[1]
      if (failed !== undefined) waiting.push(failed)
      else if (/^[\u2714\u221a] (?!\[expected fail\])/.test(text)) ticks += 1
      else if (text.startsWith('\u25cc')) begin(`${text.slice(2)} (pending when the time was up)`)
      else if (/^[\u2718\u00d7UF]/.test(text)) begin(text.replace(/^[\u2718\u00d7] /, ''))
    } else error?.push(line)
  }
  // Ava ended before it printed their errors.
  for (const name of waiting) begin(name)
  return { ticks, failures: failures.map(({ name, error: all }) => ({ name, error: shorten(all) })) }
}

/** The tests that took longest, as ava prints them: "✔ title (1m 2.5s)". It says nothing of what takes less than 0.1 s. */
export function slowest(printed, most = 10) {
  const tests = stripVTControlCharacters(printed).matchAll(
    /^ {2}\S (.*) \((?:(\d+)m)? ?(?:([\d.]+)(ms|s))?\)$/gm,
  )
  return [...tests]
    .map(([, title, minutes = 0, number = 0, unit]) => ({
      title,
      seconds: Number(minutes) * 60 + Number(number) / (unit === 'ms' ? 1000 : 1),
    }))
    .toSorted((one, other) => other.seconds - one.seconds)
    .slice(0, most)
}

export function readCargo(printed) {
  const output = stripVTControlCharacters(printed)
  const sections = output.matchAll(/^---- (.+) stdout ----\n([^]*?)(?=^---- .+ stdout ----$|^failures:$)/gm)
  return {
    passed: sum(output, /^test result: .*? (\d+) passed/gm),
    failed: sum(output, /^test result: .*? (\d+) failed/gm),
    skipped: sum(output, /^test result: .*? (\d+) ignored/gm),
    failures: [...sections].map(([, name, error]) => ({ name, error: shorten(error.split('\n')) })),
  }
}

/** What scripts/runtimes/test-runtimes.ts prints. */
export function readRuntimes(printed) {
  const output = stripVTControlCharacters(printed)
  const sections = output.matchAll(/^\u2718 (.+)\n([^]*?)(?=^[\u2714\u2718-] \[|^\nin |^runtimes: )/gm)
  return {
    passed: sum(output, /^runtimes: (\d+) passed/gm),
    failed: sum(output, /^runtimes: .*? (\d+) failed/gm),
    skipped: sum(output, /^runtimes: .*? (\d+) skipped/gm),
    failures: [...sections].map(([, name, error]) => ({ name, error: shorten(error.split('\n')) })),
  }
}

/** The end of what a command printed, where nothing says which part failed. */
export function lastLines(printed) {
  return stripVTControlCharacters(printed)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-(FIRST + LAST))
}

/** Without empty lines and the stack, which the whole output has. */
function shorten(lines) {
  const told = lines.map((line) => line.trimEnd()).filter((line) => line !== '' && !/^\s*at /.test(line))
  if (told.length <= FIRST + LAST) return told
  return [...told.slice(0, FIRST), '\u2026', ...told.slice(-LAST)]
}

/** Adds up what every pattern's first group says, all over a runner's output. */
function sum(output, pattern) {
  return [...output.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0)
}
