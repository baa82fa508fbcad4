/** The interface through which an install uses `reach/`, which is a layer above it. entry/implementation.ts connects the two. */
import type { PeerMatch, PeerMatcher } from '../settings/match.ts'
import type { KernelValues } from '../settings/options.ts'
import type { KeepAliveInstall } from './handles.ts'

/** The values of an install for connections that no hook sees, and which of them it covers. */
export interface Reaching {
  readonly values: KernelValues
  readonly matcher: PeerMatcher
  /** The `match` that the matcher was made from. */
  readonly match: PeerMatch | undefined
  /** Called when a connection matches. */
  onMatch(): void
}

/** @returns a function that ends it */
export type BeginReaching = (wanted: Reaching) => () => void

let begin: BeginReaching | undefined

export function provideReach(provided: BeginReaching): void {
  begin = provided
}

/** Begins the looks at the process, and then the install of this thread. The returned object ends both. */
export function installInProcess(wanted: Reaching, install: () => KeepAliveInstall): KeepAliveInstall {
  let hasMatched = false
  const onMatch = (): void => {
    hasMatched = true
    wanted.onMatch()
  }
  const end = begin?.({ ...wanted, onMatch }) ?? (() => {})
  try {
    const ofThread = install()
    if (hasMatched) wanted.onMatch() // repeated, because the install of this thread did not exist at the first look
    return new ProcessInstall(ofThread, end)
  } catch (error) {
    end()
    throw error
  }
}

class ProcessInstall implements KeepAliveInstall {
  readonly #ofThread: KeepAliveInstall
  readonly #end: () => void

  constructor(ofThread: KeepAliveInstall, end: () => void) {
    this.#ofThread = ofThread
    this.#end = end
  }

  uninstall(): void {
    this.#end()
    this.#ofThread.uninstall()
  }

  [Symbol.dispose](): void {
    this.uninstall()
  }
}
