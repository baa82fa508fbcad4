/**
 * Loads the rest of the code, implementation.cjs, for core.cjs. A set with a deadline needs it, and an error with advice does.
 * entry/core.ts gives the loader.
 */
import type { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import type { BinaryFile } from './binary-file.ts'

/** Errors with advice. Without them, a first set has a quarter less code to parse. */
export interface Explanations {
  /** See no-binary.ts. */
  noBinary(cause: unknown, path?: string): TcpKeepAliveError
  /** See no-binary.ts. */
  brokenBinary(path: string, file: BinaryFile): TcpKeepAliveError
  /** See nearly-a-socket.ts. */
  insteadOf(target: unknown): string | undefined
}

let load: () => unknown = () => undefined
let explanations: Explanations | undefined

export function loadRestWith(loader: typeof load): void {
  load = loader
}

/** Loads the rest, if it is not loaded yet. */
export function loadRest(): void {
  load()
}

export function provideExplanations(provided: Explanations): void {
  explanations = provided
}

/** `undefined` if they cannot be loaded. The error then gives no advice. */
export function explained(): Explanations | undefined {
  try {
    if (explanations === undefined) load()
  } catch {
    // The caller reports the first error, not this one.
  }
  return explanations
}
