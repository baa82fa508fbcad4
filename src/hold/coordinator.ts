/** This copy of the package as the coordinator of holds and installs, and the choice of the copy that is to coordinate. */
import { activeCoordinator, appoint, type Coordinator } from '../socket/coordination.ts'
import { afterOwnSet } from './after-own-set.ts'
import { install } from './begin-install.ts'
import { holdServer } from './begin-server-hold.ts'
import { holdSocket } from './begin-socket-hold.ts'
import { stateOf } from './socket-state.ts'
import { isWrapped } from './wrap.ts'

const thisCopy: Coordinator = {
  isActive: isWrapped,
  holdSocket,
  holdServer,
  install,
  afterOwnSet,
  heldBy: (connection) => stateOf(connection)?.governing?.by,
}

/** The copy that begins the next hold or install: the one that holds something already, else this one. */
export function coordinator(): Coordinator {
  return activeCoordinator() ?? appoint(thisCopy)
}
