/** What the program's own `setKeepAlive()` means for a socket or server that is held. */
import { Server, Socket } from 'node:net'
import type { KernelValues } from '../settings/options.ts'
import { beneath, behindProxy } from '../socket/node-internals.ts'
import type { Target } from '../socket/target.ts'
import { amend } from './claim.ts'
import { type Held, heldOn } from './held.ts'
import { followServerCall } from './server.ts'
import { endHolds } from './socket-hold.ts'

/** @param asked what the call has put in; `undefined` for `false`, which ends what is held */
export function follow(target: Target, asked: KernelValues | undefined): void {
  if (target instanceof Socket) {
    const connection = beneath(behindProxy(target))
    const held = heldOn(connection)
    if (!held) return
    if (asked) change(held, asked)
    else endHolds(connection, held)
  } else if (target instanceof Server) followServerCall(target, asked)
}

function change(held: Held, asked: KernelValues): void {
  const { own } = held
  // While it is not known yet which installs match, the newest that may.
  const claim = held.governing ?? held.others[0]
  if (!claim) return
  const values = held.valuesOf(claim)
  const changed = amend(values, asked)
  if (own) own.values = changed
  else held.amended = { of: claim, values: changed }
  if (held.applied === values) held.applied = changed
}
