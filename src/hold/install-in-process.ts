/** What `reach/` does for an install, which lies below it. entry/implementation.ts brings the two together. */
import type { PeerMatch, PeerMatcher } from '../settings/match.ts'
import type { KernelValues } from '../settings/options.ts'
import type { KeepAliveInstall } from './handles.ts'

/** What an install wants on the connections that no hook sees. */
export interface Reaching {
  readonly values: KernelValues
  readonly matcher: PeerMatcher
  /** What the matcher was made of. */
  readonly match: PeerMatch | undefined
  /** Called when a connection fits. */
  onMatch(): void
}

/** @returns what ends it */
export type BeginReaching = (wanted: Reaching) => () => void

let begin: BeginReaching | undefined

export function provideReach(provided: BeginReaching): void {
  begin = provided
}

/** Begins to look over the process, and then the install of this thread; both end with what is returned. */
export function installInProcess(wanted: Reaching, install: () => KeepAliveInstall): KeepAliveInstall {
  let hasMatched = false
  const onMatch = (): void => {
    hasMatched = true
    wanted.onMatch()
  }
  const end = begin?.({ ...wanted, onMatch }) ?? (() => {})
  try {
    const ofThread = install()
    if (hasMatched) wanted.onMatch() // at the first look there was none that could be told
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
