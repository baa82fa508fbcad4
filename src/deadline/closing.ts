/**
 * What happens right before a connection closes with something unsent. TCP_USER_TIMEOUT goes on counting after close: 2 MB
 * written and closed under a deadline of 6 s, to a peer that reads after 30 s, arrived as 128 KB and a reset. So the
 * system's own rules are put back, as if this package had never been there.
 */
import type { DeadlineKernel, Watched } from './watched.ts'

/** `TCP_USER_TIMEOUT` for "the system's own rules", tcp(7). */
const SYSTEM_RULES = 0

/**
 * Puts the system's own rules back on a descriptor that is about to close.
 *
 * @param rtoMaxBeforeMs what TCP_RTO_MAX_MS was before; negative leaves it
 * @returns the binding's status
 */
export function putSystemRulesBack(
  kernel: DeadlineKernel,
  descriptor: number,
  rtoMaxBeforeMs: number,
): number {
  return kernel.setUserTimeout(descriptor, SYSTEM_RULES, rtoMaxBeforeMs)
}

/** Puts them back where something may be unsent; nothing is asked, as that costs as much as the doing. */
export function putBackWhatIsPending(kernel: DeadlineKernel, watched: Watched): void {
  const { handle, rtoMaxBeforeMs } = watched
  if (watched.mayBePending() && handle.fd >= 0) putSystemRulesBack(kernel, handle.fd, rtoMaxBeforeMs)
}

/** The kernel closes what is open when the process ends, and no `_destroy` runs for it. */
export class ExitListener {
  readonly #kernel: DeadlineKernel
  readonly #all: () => Iterable<Watched>

  constructor(kernel: DeadlineKernel, all: () => Iterable<Watched>) {
    this.#kernel = kernel
    this.#all = all
  }

  begin(): void {
    process.on('exit', this.#putBackAll)
  }

  end(): void {
    process.removeListener('exit', this.#putBackAll)
  }

  readonly #putBackAll = (): void => {
    for (const watched of this.#all()) putBackWhatIsPending(this.#kernel, watched)
  }
}
