/** Parses the arguments of all commands. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { KeepAliveOptions } from 'tcp-keepalive'
import { inDurations, parseCount, parseDuration } from '../settings/duration.ts'

/** The command was not understood; the message says why. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>

interface Text {
  readonly type: 'string'
}

const TEXT: Text = { type: 'string' }

type ValueOption = 'detect-within' | 'time' | 'interval' | 'retries' | 'user-timeout'

/** The options for keepalive values. */
export const VALUE_OPTIONS: Readonly<Record<ValueOption, Text>> = {
  'detect-within': TEXT,
  time: TEXT,
  interval: TEXT,
  retries: TEXT,
  'user-timeout': TEXT,
}

export type ValueArguments = { readonly [Name in ValueOption]?: string | undefined }

/** Like `parseArgs`, but throws a {@link UsageError}. */
export function parse<T extends Options>(
  args: string[],
  options: T,
): ReturnType<
  typeof parseArgs<{
    args: string[]
    options: T
    allowPositionals: true
  }>
> {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(lowerFirst((error as Error).message.split(/[.\n]\s|\.\n/, 1)[0] ?? ''))
  }
}

/** The values from the arguments; `undefined` if there are none. */
export function optionsOf(values: ValueArguments): KeepAliveOptions | undefined {
  const asked: Record<string, number> = {}
  const duration = (flag: keyof ValueArguments, option: string): void => {
    const text = values[flag]
    if (text !== undefined) asked[option] = durationOf(flag, text)
  }
  duration('detect-within', 'detectWithin')
  duration('time', 'time')
  duration('interval', 'interval')
  duration('user-timeout', 'userTimeout')
  if (values.retries !== undefined) asked['retries'] = readAs(parseCount, 'retries', values.retries)
  return Object.keys(asked).length === 0 ? undefined : asked
}

export function isPid(text: string): boolean {
  return /^[1-9]\d{0,9}$/.test(text)
}

export function pidFrom(text: string): number {
  if (isPid(text)) return Number(text)
  throw new UsageError(`"${text}" is not the number of a process`)
}

export function durationOf(flag: string, text: string): number {
  return readAs(parseDuration, flag, text)
}

function readAs(read: (text: string) => number, flag: string, text: string): number {
  try {
    return read(text)
  } catch (error) {
    throw new UsageError(`--${flag}: ${(error as Error).message}`)
  }
}

/** Calls `check`, and turns its errors about options into a {@link UsageError} that names the options of the command line. */
export function understood<T>(check: () => T): T {
  try {
    return check()
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    const isAboutOptions =
      /^ERR_(INVALID_ARG|OUT_OF_RANGE|TCP_KEEPALIVE_(CONFLICTING|UNKNOWN|UNSUPPORTED))/.test(code)
    if (!isAboutOptions) throw error
    throw new UsageError(
      lowerFirst(
        inDurations(message).replaceAll(/"(?:options\.)?([a-zA-Z]+)"/g, (_, name: string) => flagOf(name)),
      ),
    )
  }
}

/** `userTimeout` is `--user-timeout`. */
function flagOf(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}
