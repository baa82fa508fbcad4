/**
 * What lies in implementation.cjs and core.cjs needs only now and then: deadlines, and the words of an error. entry/core.ts says how
 * it is loaded.
 */
import type { TcpKeepAliveError } from '../settings/tcp-keepalive-error.ts'
import type { BinaryFile } from './binary-file.ts'

/** Errors that say what to do. Their texts are a quarter of what a first set would have to parse. */
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

/** Loads everything, where it is not loaded. */
export function loadRest(): void {
  load()
}

export function provideExplanations(provided: Explanations): void {
  explanations = provided
}

/** `undefined` where they cannot be loaded: then the error goes without. */
export function explained(): Explanations | undefined {
  try {
    if (explanations === undefined) load()
  } catch {
    // What failed first is what the caller reports.
  }
  return explanations
}
