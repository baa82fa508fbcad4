/** Reads a script's command line. A usage error is one line and exit code 2. */
import { parseArgs } from 'node:util'

export function readOptions(options) {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return refuse(error.message)
  }
}

/** A whole number from 1 on. */
export function wholeNumber(name, text) {
  if (/^\d+$/.test(text) && Number(text) >= 1) return Number(text)
  return refuse(`--${name} must be a whole number from 1 on, not "${text}"`)
}

export function refuse(message) {
  console.error(message)
  process.exit(2)
}
