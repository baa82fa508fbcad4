/** This copy of the package as the coordinator of holds and installs, and the choice of the copy that is to coordinate. */
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

/** Has `_destroy` wrapped while any connection has a deadline, also where nothing is held. */
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
