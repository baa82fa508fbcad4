/** The diagnostics channels on which holds and installs say what they do. */
import type { Socket } from 'node:net'
import type { KeepAlive } from '../settings/keepalive.ts'
import { type KernelValues, LEAVE } from '../settings/options.ts'
import { channelNamed } from '../socket/channel.ts'
import { lastSilence } from '../socket/tcp-info.ts'
import type { Claim } from './claim.ts'
import type { Outcome } from './outcome.ts'

/** What is published on `tcp-keepalive:apply` when a hold or an install has put its values into a socket. */
export interface KeepAliveApplied {
  /** The connection; beneath TLS around a socket, that socket. */
  readonly socket: Socket
  /** What was put in, in milliseconds; `undefined` for what was left as it was. */
  readonly settings: KeepAlive
  /** What put them in: `holdKeepAlive`, or `installKeepAlive`, which `tcp-keepalive/register` calls too. */
  readonly by: 'hold' | 'install'
}

/** What is published on `tcp-keepalive:lost` when the peer of a held socket turns out to be gone. */
export interface KeepAliveLost {
  /** The same object as in {@link KeepAliveApplied}. */
  readonly socket: Socket
  /** What became of the last probe, or of data that was sent. */
  readonly outcome: Outcome
  /** The error with which the socket, or TLS around it, is about to be destroyed. */
  readonly error: Error
  /** For how many milliseconds nothing had come from the peer; `undefined` where that cannot be told. */
  readonly silentFor: number | undefined
}

const applied = channelNamed('tcp-keepalive:apply')
const lost = channelNamed('tcp-keepalive:lost')

export function publishApplied(socket: Socket, values: KernelValues, by: Claim['by']): void {
  if (!applied().hasSubscribers) return
  const settings: KeepAlive = {
    enabled: values.enabled,
    time: milliseconds(values.timeSeconds, 1000),
    interval: milliseconds(values.intervalSeconds, 1000),
    retries: milliseconds(values.retries, 1),
    userTimeout: milliseconds(values.userTimeoutMs, 1),
  }
  applied().publish({ socket, settings, by } satisfies KeepAliveApplied)
}

export function publishLost(socket: Socket, outcome: Outcome, error: Error): void {
  if (!lost().hasSubscribers) return
  lost().publish({ socket, outcome, error, silentFor: lastSilence(socket) } satisfies KeepAliveLost)
}

function milliseconds(value: number, unit: number): number | undefined {
  return value === LEAVE ? undefined : value * unit
}
