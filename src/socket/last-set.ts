/** The values that this package last set on each connection, to detect later changes by others. */
import { type Socket } from 'node:net'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import { beneath, handleOf } from './node-internals.ts'
import { shared } from './shared.ts'
import { Stamp } from './stamp.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** The combined values of several sets. */
interface Merged extends Mutable<KernelValues> {
  readonly isMerged: true
}

/** Stored on the handle: when a socket reconnects it gets another handle, and the kernel does not know the earlier values. */
class LastSet extends Stamp {
  #values: KernelValues | Merged

  private constructor(handle: object, values: KernelValues) {
    super(handle)
    this.#values = values
  }

  /**
   * The first values are stored without a copy, because the sockets of a hold share them. Later sets update one copy in place.
   *
   * @returns whether these are the first
   */
  static put(handle: object, values: KernelValues): boolean {
    if (#values in handle) {
      const known = handle.#values
      if (known !== values) put('isMerged' in known ? known : (handle.#values = merged(known)), values)
      return false
    }
    // oxlint-disable-next-line no-new -- which changes the handle
    new LastSet(handle, values)
    return true
  }

  static get(handle: object): KernelValues | undefined {
    return #values in handle ? handle.#values : undefined
  }
}

interface LastValues {
  put(handle: object, values: KernelValues): boolean
  get(handle: object): KernelValues | undefined
}

const record = shared<LastValues>('lastSet', () => LastSet)

/**
 * Runs at every set.
 *
 * @returns whether it is the first on this connection
 */
export function rememberSet(socket: Socket, values: KernelValues): boolean {
  const handle = handleOf(beneath(socket))
  return handle !== undefined && record.put(handle, values)
}

/** {@link LEAVE} for a field that was never set. */
export function lastSetOn(socket: Socket): KernelValues | undefined {
  const handle = handleOf(beneath(socket))
  return handle && record.get(handle)
}

function merged(values: KernelValues): Merged {
  return { ...values, isMerged: true }
}

function put(known: Merged, values: KernelValues): void {
  known.enabled = values.enabled
  if (values.timeSeconds !== LEAVE) known.timeSeconds = values.timeSeconds
  if (values.intervalSeconds !== LEAVE) known.intervalSeconds = values.intervalSeconds
  if (values.retries !== LEAVE) known.retries = values.retries
  if (values.userTimeoutMs === LEAVE) return
  known.userTimeoutMs = values.userTimeoutMs
  known.deadlineMs = values.deadlineMs
  known.rtoMaxMs = values.rtoMaxMs
}
