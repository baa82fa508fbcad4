/** Reads the TCP_KEEPALIVE_* variables. */
import { inDurations, parseCount, parseDuration } from './duration.ts'
import { coded } from './errors.ts'
import { isPort, peerMatcher } from './match.ts'
import type { Reach } from './reach.ts'

/** The arguments for `installKeepAlive`, which checks the values. */
export interface Asked {
  readonly options: {
    readonly detectWithin?: number
    readonly time?: number
    readonly interval?: number
    readonly retries?: number
    readonly userTimeout?: number
  }
  /** Whether the user timeout is left as it is, also where a deadline would solve for one. */
  readonly leavesUserTimeout: boolean
  readonly match: readonly string[] | undefined
  /** Whether accepted connections are covered too: all, or those at these local ports. Left out: none. */
  readonly accepted?: true | readonly number[]
  readonly reach: Reach
}

type Variables = Readonly<Record<string, string | undefined>>

const PREFIX = 'TCP_KEEPALIVE'

/** The variables that hold a value, and the option each stands for. */
const VALUES = {
  TCP_KEEPALIVE_DETECT_WITHIN: 'detectWithin',
  TCP_KEEPALIVE_TIME: 'time',
  TCP_KEEPALIVE_INTERVAL: 'interval',
  TCP_KEEPALIVE_RETRIES: 'retries',
  TCP_KEEPALIVE_USER_TIMEOUT: 'userTimeout',
} as const

/** With `leave` a deadline covers only waiting, and the socket keeps its user timeout. */
const USER_TIMEOUT = 'TCP_KEEPALIVE_USER_TIMEOUT'

/** Variables that are 1 or 0. */
const SWITCHES = ['TCP_KEEPALIVE_LOG', 'TCP_KEEPALIVE_REQUIRED']

const OTHERS = [
  'TCP_KEEPALIVE',
  'TCP_KEEPALIVE_ACCEPTED',
  'TCP_KEEPALIVE_MATCH',
  'TCP_KEEPALIVE_REACH',
  ...SWITCHES,
]

/** Names of other programs' variables, and the name here. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  COUNT: 'RETRIES',
  DELAY: 'TIME',
  DETECT: 'DETECT_WITHIN',
  HOST: 'MATCH',
  HOSTS: 'MATCH',
  IDLE: 'TIME',
  INTVL: 'INTERVAL',
  PORT: 'MATCH',
  PORTS: 'MATCH',
  PROBES: 'RETRIES',
  TIMEOUT: 'USER_TIMEOUT',
}

/** Whether the package is switched off, whatever the other variables are. */
export function isOff(variables: Variables): boolean {
  return variables['TCP_KEEPALIVE']?.toLowerCase() === 'off'
}

/** Whether the program must stop if it cannot be protected: any value except an empty one and 0. */
export function isRequired(variables: Variables): boolean {
  return !['', '0'].includes(variables['TCP_KEEPALIVE_REQUIRED'] ?? '')
}

/** Whether a line is written for what happens to connections. */
export function isLogged(variables: Variables): boolean {
  return variables['TCP_KEEPALIVE_LOG'] === '1'
}

/**
 * Reads the variables of a program for which keepalive is not {@link isOff}. An empty one counts as not set; where none sets
 * a value, nothing is in `options`.
 *
 * @throws TypeError [ERR_INVALID_ARG_VALUE] for a name or text that is wrong, naming the variable
 */
export function readEnvironment(variables: Variables): Asked {
  const given = new Map(Object.entries(variablesIn(variables)))
  const power = given.get('TCP_KEEPALIVE')?.toLowerCase()
  if (power !== undefined && power !== 'on') throw wrong('TCP_KEEPALIVE', given, 'write "off" or "on"')
  for (const name of SWITCHES) {
    if (!['0', '1'].includes(given.get(name) ?? '0')) throw wrong(name, given, 'write 1 or 0')
  }
  const options: Record<string, number> = {}
  const leavesUserTimeout = given.get(USER_TIMEOUT)?.toLowerCase() === 'leave'
  if (leavesUserTimeout) given.delete(USER_TIMEOUT)
  for (const [name, text] of given) {
    if (isValue(name)) options[VALUES[name]] = read(name, text)
    else if (!OTHERS.includes(name)) throw unknownName(name)
  }
  return {
    options,
    leavesUserTimeout,
    match: given.has('TCP_KEEPALIVE_MATCH') ? readMatch(given) : undefined,
    ...readAccepted(given),
    reach: readReach(given),
  }
}

function readReach(given: ReadonlyMap<string, string>): Reach {
  const reach = given.get('TCP_KEEPALIVE_REACH')?.toLowerCase() ?? 'thread'
  if (reach === 'thread' || reach === 'process') return reach
  throw wrong('TCP_KEEPALIVE_REACH', given, 'write "thread" or "process"')
}

/** Whether any variable of this package is there. */
export function isAnySet(variables: Variables): boolean {
  return Object.keys(variables).some(isOurs)
}

/** Those of this package that are set, as they are written. */
export function variablesIn(variables: Variables): Record<string, string> {
  const set = Object.entries(variables).filter(([name, text]) => isOurs(name) && text !== '')
  return Object.fromEntries(set as [string, string][])
}

/** Checked here too, because only here the name of the variable is known. An extra comma is allowed. */
function readMatch(given: ReadonlyMap<string, string>): string[] {
  const name = 'TCP_KEEPALIVE_MATCH'
  const items = given.get(name)?.split(',') ?? []
  const patterns = items.map((item) => item.trim()).filter((item) => item !== '')
  if (patterns.length === 0) throw wrong(name, given, 'it names no peer')
  try {
    peerMatcher(patterns)
  } catch (error) {
    throw inVariable(name, error)
  }
  return patterns
}

/** `1` means every port, as for a switch. */
function readAccepted(given: ReadonlyMap<string, string>): Pick<Asked, 'accepted'> {
  const name = 'TCP_KEEPALIVE_ACCEPTED'
  const items = (given.get(name) ?? '0').split(',').map((item) => item.trim())
  if (items.length === 1 && items[0] === '0') return {}
  if (items.length === 1 && items[0] === '1') return { accepted: true }
  const ports = items.filter((item) => item !== '').map(Number)
  if (ports.length === 0 || !ports.every(isPort)) {
    throw wrong(name, given, 'write 1, or the local ports, as in 8080,8443')
  }
  return { accepted: ports }
}

/** The same message with the options called by their variables, and durations as they are written there. */
export function inVariables(message: string): string {
  return inDurations(message).replaceAll(/"(?:options\.)?(\w+)"/g, (quoted, option: string) => {
    const variable = Object.entries(VALUES).find(([, name]) => name === option)
    return variable?.[0] ?? quoted
  })
}

function isOurs(name: string): boolean {
  return name === PREFIX || name.startsWith(`${PREFIX}_`)
}

function isValue(name: string): name is keyof typeof VALUES {
  return Object.hasOwn(VALUES, name)
}

function read(name: keyof typeof VALUES, text: string): number {
  try {
    return VALUES[name] === 'retries' ? parseCount(text) : parseDuration(text)
  } catch (error) {
    throw inVariable(name, error)
  }
}

function inVariable(name: string, error: unknown): TypeError {
  return coded(new TypeError(`${name}: ${(error as Error).message}`), 'ERR_INVALID_ARG_VALUE')
}

function wrong(name: string, given: ReadonlyMap<string, string>, why: string): TypeError {
  const message = `${name}: "${given.get(name)}" is not understood: ${why}`
  return coded(new TypeError(message), 'ERR_INVALID_ARG_VALUE')
}

function unknownName(name: string): TypeError {
  const other = name.slice(PREFIX.length + 1)
  const right = Object.hasOwn(OTHER_NAMES, other) ? OTHER_NAMES[other] : undefined
  const hint =
    right === undefined
      ? `the variables are ${[...OTHERS, ...Object.keys(VALUES)].join(', ')}`
      : `here it is called ${PREFIX}_${right}`
  return coded(new TypeError(`${name} is not known: ${hint}`), 'ERR_INVALID_ARG_VALUE')
}
