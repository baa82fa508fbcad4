/** Whether a binary is whole, before it is loaded. */
import { readBinaryFile } from './binary-file.ts'
import { explained } from './rest.ts'

/**
 * Throws where the end of a binary is missing. The system's loader does not look: it would end the process with SIGBUS.
 *
 * @param path of the file that is to be loaded
 */
export function checkBinary(path: string): void {
  const file = readBinaryFile(path)
  if (file?.truncated !== true) return
  throw explained()?.brokenBinary(path, file) ?? new Error(`The end of ${path} is missing`)
}
