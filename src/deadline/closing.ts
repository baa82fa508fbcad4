/**
 * Runs right before a connection closes with unsent data. TCP_USER_TIMEOUT keeps counting after close. In a test, 2 MB
 * were written and closed under a deadline of 6 s, to a peer that read after 30 s: 128 KB and a reset arrived. So the
 * system's own rules are restored.
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

/** Restores the system's rules if data may be unsent. It does not ask the kernel first, because asking costs as much as setting. */
export function putBackWhatIsPending(kernel: DeadlineKernel, watched: Watched): void {
  const { handle, rtoMaxBeforeMs } = watched
  if (watched.mayBePending() && handle.fd >= 0) putSystemRulesBack(kernel, handle.fd, rtoMaxBeforeMs)
}

/** Restores the rules when the process ends. The kernel then closes the sockets, and no `_destroy` runs for them. */
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
