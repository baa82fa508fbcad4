/** Checks that a binary is complete, before it is loaded. */
import { readBinaryFile } from './binary-file.ts'
import { explained } from './rest.ts'

/**
 * Throws if the end of a binary is missing. The system's loader does not check this, and the process would end with SIGBUS.
 *
 * @param path the path of the file to load
 */
export function checkBinary(path: string): void {
  const file = readBinaryFile(path)
  if (file?.truncated !== true) return
  throw explained()?.brokenBinary(path, file) ?? new Error(`The end of ${path} is missing`)
}
