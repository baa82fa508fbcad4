/** An install, from its beginning to its end. */
import type { PeerMatcher } from '../settings/match.ts'
import { expectDeadlines } from '../deadline/deadline.ts'
import type { KernelValues } from '../settings/options.ts'
import type { Claims } from './claim.ts'
import type { KeepAliveInstall } from './handles.ts'
import { againByName } from './connecting.ts'
import { addInstall, type InstallClaim, isNameWanted, removeInstall } from './installs.ts'
import { Unmatched } from './unmatched.ts'
import { forgetNames, observeNames } from './names.ts'
import { leaveWrap, useWrap } from './wrap.ts'

class Install implements InstallClaim, KeepAliveInstall {
  readonly by = 'install'
  active = true
  readonly alone: Claims = [this]
  readonly values: KernelValues
  readonly matcher: PeerMatcher
  readonly #expectNoDeadlines: (() => void) | undefined
  readonly unmatched = new Unmatched(() => this.matcher.hasMatchedUnseen?.() ?? false)

  constructor(values: KernelValues, matcher: PeerMatcher) {
    this.values = values
    this.matcher = matcher
    this.#expectNoDeadlines = values.deadlineMs === undefined ? undefined : expectDeadlines()
  }

  uninstall(): void {
    if (!this.active) return
    this.active = false
    removeInstall(this)
    this.#expectNoDeadlines?.()
    if (!isNameWanted()) forgetNames()
    leaveWrap()
  }

  [Symbol.dispose](): void {
    this.uninstall()
  }
}

export function install(values: KernelValues, matcher: PeerMatcher): KeepAliveInstall {
  useWrap() // which may throw
  const begun = new Install(values, matcher)
  addInstall(begun)
  if (matcher.names) observeNames({ isWanted: isNameWanted, decide: againByName })
  return begun
}
