/** Applies the program's own `setKeepAlive()` to a held socket or server. */
import { Server, Socket } from 'node:net'
import { amend } from '../settings/amend.ts'
import type { KernelValues } from '../settings/options.ts'
import { beneath, behindProxy } from '../socket/node-internals.ts'
import type { Target } from '../socket/target.ts'
import { changeServerHolds } from './begin-server-hold.ts'
import { endHolds } from './begin-socket-hold.ts'
import { awaitNoName } from './names.ts'
import { type SocketState, stateOf } from './socket-state.ts'

/** @param asked the values that the call has set; `undefined` for `false`, which ends the hold */
export function afterOwnSet(target: Target, asked: KernelValues | undefined): void {
  if (target instanceof Socket) {
    const connection = beneath(behindProxy(target))
    const state = stateOf(connection)
    if (!asked) awaitNoName(connection)
    if (!state) return
    if (asked) change(state, asked)
    else endHolds(connection, state)
  } else if (target instanceof Server) changeServerHolds(target, asked)
}

function change(state: SocketState, asked: KernelValues): void {
  const { own } = state
  // While the matching installs are not known yet, use the newest that may match.
  const claim = state.governing ?? state.others[0]
  if (!claim) return
  const values = state.valuesOf(claim)
  const changed = amend(values, asked)
  if (own) own.values = changed
  else state.override = { of: claim, values: changed }
  if (state.applied === values) state.applied = changed
}
