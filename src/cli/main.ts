#!/usr/bin/env node
/** The command line: `npx tcp-keepalive`. */
// oxlint-disable-next-line import/no-unassigned-import -- puts shared code into the implementation's file: see tsdown.config.ts
import '../entry/implementation.ts'
import { doctor } from './doctor.ts'
import { drill } from './drill.ts'
import { COMMAND_HELP, HELP } from './help.ts'
import { plan } from './plan.ts'
import { ps } from './ps.ts'
import { complain, say } from './terminal.ts'
import { UsageError } from './usage.ts'
import { version } from './version.ts'
import { watch } from './watch.ts'

/** Each command takes its arguments and returns the exit code. */
const COMMANDS: Readonly<Record<string, (args: string[]) => number | Promise<number>>> = {
  doctor,
  drill,
  plan,
  ps,
  watch,
}

/** The exit code of a command that was not understood. */
const USAGE = 2

async function main([name = '', ...args]: string[]): Promise<number> {
  if (['', '-h', '--help', 'help'].includes(name)) {
    say(HELP)
    return name === '' ? USAGE : 0
  }
  if (name === '-v' || name === '--version') {
    say(version())
    return 0
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) throw new UsageError(`there is no command "${name}"`)
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    say(COMMAND_HELP[name] ?? HELP)
    return 0
  }
  return command(args)
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has closed the pipe, as in `tcp-keepalive ps | head -3`.
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
  fail(error)
  process.exit()
})

main(process.argv.slice(2)).then(end, fail)

function end(code: number): void {
  process.exitCode = code
}

function fail(error: unknown): void {
  const { message } = error instanceof Error ? error : new Error(String(error))
  const isUsage = error instanceof UsageError
  complain(isUsage ? `${message} (tcp-keepalive --help)` : message)
  process.exitCode = isUsage ? USAGE : 1
}
