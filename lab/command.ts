/** What each command of this folder starts with: its help, and errors for a person to read. */
import { join } from 'node:path'

/** The repository's folder. */
export const ROOT: string = join(import.meta.dirname, '..')

export async function runCommand(help: string, command: () => Promise<void>): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    console.log(help)
    return
  }
  try {
    await command()
  } catch (error) {
    for (let cause = error; cause instanceof Error; cause = cause.cause) console.error(cause.message)
    process.exitCode = 1
  }
}
