/** Reads the output of test runners: how many tests passed, failed and were left out, and the errors of the failed ones. */
import { stripVTControlCharacters } from 'node:util'

/** How many of the first and of the last lines of an error are shown: the message is often at the end. */
const FIRST = 12
const LAST = 8

/** The start of each of ava's messages, which ends the error before it. */
const AVA_BEGINS =
  /^ {2}(?:[\u2714\u221a\u2718\u00d7\u25cc] |- \[|Uncaught exception in |Unhandled rejection in |Failed to exit when running |\d+ tests were pending in )/
const AVA_FAILED = /^ {2}[\u2718\u00d7] \[(?:fail|unexpected pass)\]: (.*)$/
const AVA_RULE = '  \u2500'

/** Reads ava's output: https://github.com/avajs/ava/blob/main/lib/reporters/default.js. */
export function readAva(printed) {
  const output = stripVTControlCharacters(printed)
  const failed = sum(
    output,
    /^ {2}(\d+) (?:(?:tests?|hooks?) failed|uncaught exceptions?|unhandled rejections?|tests? remained? pending)/gm,
  )
  const { ticks, failures } = readAvaLines(output.split('\n'))
  return {
    // After a failure, ava does not print how many passed.
    passed: failed > 0 ? ticks : sum(output, /^ {2}(\d+) tests? passed/gm),
    failed,
    skipped: sum(output, /^ {2}(\d+) tests? skipped/gm),
    failures,
  }
}

/** ava names a failed test when it ends, and again at the end of the run, with its error, between two rules. */
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

/** The longest tests in ava's output, for example "✔ title (1m 2.5s)". ava prints no time below 0.1 s. */
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
  const sections = /^---- (.+) stdout ----\n([^]*?)(?=^---- .+ stdout ----$|^failures:$)/gm
  return read(printed, 'test result', 'ignored', sections)
}

/** Reads the output of scripts/runtimes/test-runtimes.ts. */
export function readRuntimes(printed) {
  const sections = /^\u2718 (.+)\n([^]*?)(?=^[\u2714\u2718-] \[|^\nin |^runtimes: )/gm
  return read(printed, 'runtimes', 'skipped', sections)
}

/** @param result the start of the lines with the counts. @param sections matches each failed test: its name, and its error */
function read(printed, result, skipped, sections) {
  const output = stripVTControlCharacters(printed)
  const count = (what) => sum(output, new RegExp(`^${result}: .*?(\\d+) ${what}`, 'gm'))
  const failures = [...output.matchAll(sections)]
  return {
    passed: count('passed'),
    failed: count('failed'),
    skipped: count(skipped),
    failures: failures.map(([, name, error]) => ({ name, error: shorten(error.split('\n')) })),
  }
}

/** The end of a command's output, for commands that do not name what failed. */
export function lastLines(printed) {
  return stripVTControlCharacters(printed)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-(FIRST + LAST))
}

/** Leaves out empty lines and the stack. The whole output has them. */
function shorten(lines) {
  const told = lines.map((line) => line.trimEnd()).filter((line) => line !== '' && !/^\s*at /.test(line))
  if (told.length <= FIRST + LAST) return told
  return [...told.slice(0, FIRST), '\u2026', ...told.slice(-LAST)]
}

/** Adds up the numbers that the pattern's first group matches. */
function sum(output, pattern) {
  return [...output.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0)
}
