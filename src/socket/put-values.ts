/** The only place where values are set in the kernel. */
import type { Server, Socket } from 'node:net'
import type { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import { type Connected, isAdjusted, noteUserTimeout, valuesNow } from './deadlines.ts'
import { notConnected, notListening, refusedOption, statusError } from './errors.ts'
import { lastSetOn, rememberSet } from './last-set.ts'
import { noteSet } from './reach-exclusion.ts'
import { native } from './native.ts'
import { keepRecordTrue } from './node-record.ts'
import { isAsking } from './open-questions.ts'
import { descriptorOf, isSocket, NOT_YET, type Target } from './target.ts'
import { values as read } from './values.ts'

type Field = 'timeSeconds' | 'intervalSeconds' | 'retries' | 'userTimeoutMs'

/** The fields of a set, by the option's number in a status of the binding. */
const FIELDS: Readonly<Record<number, Field>> = {
  3: 'timeSeconds',
  4: 'intervalSeconds',
  5: 'retries',
  6: 'userTimeoutMs',
}

/**
 * Sets all values on a descriptor, or throws.
 *
 * @param socket the socket that has the descriptor; `undefined` for a server, or if only the descriptor is known. The code compares it
 *   with `undefined`, because testing whether an object is truthy takes ten times as many instructions.
 * @throws as `setKeepAlive`; the message names the values that were set before the refusal
 */
export function putAll(socket: Socket | undefined, fd: number, asked: KernelValues): void {
  const status = write(socket, fd, asked, LATER)
  if (status !== 0) throw refusal(socket, fd, asked, status)
  noteSet(fd)
  if (socket !== undefined) remember(socket, asked, LATER)
}

/** The result of {@link putPossible}. */
export interface Put {
  /** The values that the kernel took; {@link LEAVE} for those that it refused. */
  readonly values: KernelValues
  /** An error for each refused option. It names the option. */
  readonly refusals: readonly Error[]
}

/** When and why values are set. */
export interface When extends Connected {
  /** Whether the values are set again at each connection. */
  readonly isHeld: boolean
  /** Whether the kernel already has the user timeout, because it has bounded the attempt to connect. */
  readonly hasUserTimeout?: boolean
}

/** For a socket that has been connected for some time. */
const LATER: When = { isHeld: false }

/**
 * Sets the values on a connected socket or a listening server. If the system refuses single options, the others are set. Multipath
 * TCP and some sandboxes refuse the user timeout.
 *
 * @throws as `setKeepAlive`, if the refusal does not concern a single option, or if no value can be set
 */
export function putPossible(target: Socket | Server, asked: KernelValues, when: When): Put {
  const fd = descriptorOf(target)
  if (fd === NOT_YET) throw notYet(target)
  const socket = isSocket(target) ? target : undefined
  const status = write(socket, fd, asked, when)
  const put = status === 0 ? { values: asked, refusals: [] } : putRest(socket, fd, asked, status)
  noteSet(fd)
  if (socket !== undefined) remember(socket, put.values, when)
  return put
}

/** Goes on without each option that was refused. Runs only after a refusal. */
function putRest(socket: Socket | undefined, fd: number, asked: KernelValues, refused: number): Put {
  const refusals: Error[] = []
  let rest = asked
  for (let status = refused; status !== 0; status = write(socket, fd, rest, LATER)) {
    const field = FIELDS[refusedOption(status)]
    // If the same option is refused although it was left out, the loop would never end.
    if (field === undefined || rest[field] === LEAVE) throw refusal(socket, fd, asked, status)
    refusals.push(statusError(status, 'setsockopt', '; the other values are set'))
    rest = { ...rest, [field]: LEAVE }
  }
  return { values: rest, refusals }
}

/**
 * Whether the kernel still holds the values that this package set last. Other code may have changed them without
 * `socket.setKeepAlive()`: by `socket._handle.setKeepAlive()`, or in native code.
 *
 * @returns true also if the kernel's values cannot be read, and during `probePeer()`, which changes them for a moment
 */
export function isIntact(socket: Socket): boolean {
  const set = lastSetOn(socket)
  const fd = descriptorOf(socket)
  if (set === undefined || fd === NOT_YET || isAsking(fd) || native().getKeepAlive(fd, read) !== 0)
    return true
  const [enabled = 0, time = LEAVE, interval = LEAVE, retries = LEAVE, userTimeout = LEAVE] = read
  return (
    set.enabled === (enabled !== 0) &&
    isSame(set.timeSeconds, time) &&
    isSame(set.intervalSeconds, interval) &&
    isSame(set.retries, retries) &&
    (isSame(set.userTimeoutMs, userTimeout) || isAdjusted(socket))
  )
}

/** A value that was not set, or that the system cannot read back, counts as the same. */
function isSame(set: number, held: number): boolean {
  return set === LEAVE || held < 0 || set === held
}

export function notYet(target: Target): TcpKeepAliveError {
  return isSocket(target) ? notConnected() : notListening()
}

function write(socket: Socket | undefined, fd: number, asked: KernelValues, when: When): number {
  const { isFresh = false, hasUserTimeout = false } = when
  const now = socket === undefined ? asked : valuesNow(socket, asked, isFresh)
  const { enabled, timeSeconds, intervalSeconds, retries, userTimeoutMs } = now
  const toPut = hasUserTimeout ? LEAVE : userTimeoutMs
  return native().setKeepAlive(fd, enabled, timeSeconds, intervalSeconds, retries, toPut)
}

function remember(socket: Socket, put: KernelValues, when: When): void {
  const isFirst = rememberSet(socket, put)
  keepRecordTrue(socket, put.enabled, when.isHeld, isFirst)
  if (put.userTimeoutMs !== LEAVE) noteUserTimeout(socket, put, when)
}

/** The order in which the binding sets the values. The last item is the index among the numbers that it reads. */
const ORDER = [
  ['userTimeout', 'userTimeoutMs', 4],
  ['time', 'timeSeconds', 1],
  ['interval', 'intervalSeconds', 2],
  ['retries', 'retries', 3],
] as const

/** The error of a set that failed. It says what was set before the option that was refused, as the kernel has it. */
function refusal(socket: Socket | undefined, fd: number, asked: KernelValues, status: number): Error {
  const option = refusedOption(status)
  if (option === 0 || native().getKeepAlive(fd, read) !== 0) return statusError(status, 'setsockopt')
  if (socket !== undefined) keepRecordTrue(socket, read[0] !== 0, false)
  const refused = ORDER.findIndex(([, field]) => field === FIELDS[option])
  const set = ORDER.slice(0, refused === -1 ? ORDER.length : refused)
    .filter(([, field, place]) => asked[field] !== LEAVE && asked[field] === read[place])
    .map(([name]) => name)
  return statusError(status, 'setsockopt', set.length === 0 ? '' : `; set before that: ${set.join(', ')}`)
}
