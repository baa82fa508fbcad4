/** Makes this copy of the package the coordinator of holds and installs, and chooses the copy that coordinates. */
import type { WhileWatching } from '../deadline/sweep.ts'
import { activeCoordinator, appoint, type Coordinator } from '../socket/coordination.ts'
import { installAccepted } from './accepted.ts'
import { afterOwnSet } from './after-own-set.ts'
import { install } from './begin-install.ts'
import { holdServer } from './begin-server-hold.ts'
import { holdSocket } from './begin-socket-hold.ts'
import { hasMatched } from './installs.ts'
import { stateOf } from './socket-state.ts'
import { isWrapped, leaveWrap, useWrap } from './wrap.ts'

const thisCopy: Coordinator = {
  isActive: isWrapped,
  holdSocket,
  holdServer,
  install,
  hasMatched,
  installAccepted,
  afterOwnSet,
  coverCloses: useWrap,
  uncoverCloses: leaveWrap,
  heldBy: (connection) => stateOf(connection)?.governing?.by,
}

/** The copy that coordinates the next hold or install: the one that already holds something, otherwise this one. */
export function coordinator(): Coordinator {
  return activeCoordinator() ?? appoint(thisCopy)
}

let covering: Coordinator | undefined

/** Wraps `_destroy` while any connection has a deadline, even if nothing is held. */
export const closes: WhileWatching = {
  begin() {
    const chosen = coordinator()
    chosen.coverCloses()
    covering = chosen
  },
  end() {
    covering?.uncoverCloses()
    covering = undefined
  },
}
