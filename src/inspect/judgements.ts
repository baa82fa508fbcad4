/** Detection times and warnings for the values in force. They are computed once for all sockets with equal values, because a program has few kinds. */
import { isPatience } from '../settings/detect-within.ts'
import type { KeepAlive } from '../settings/keepalive.ts'
import { type Detection, detectionOf } from '../settings/detection.ts'
import { fromKernel, VALUES_LENGTH } from '../socket/values.ts'
import { type KeepAliveWarning, warningsOf } from './warnings.ts'

export interface Judgement {
  readonly keepAlive: KeepAlive
  readonly detection: Detection
  /** For sockets whose values were not overwritten. */
  readonly warnings: readonly KeepAliveWarning[]
}

interface Kind extends Judgement {
  readonly rows: Int32Array
  readonly at: number
  readonly local: boolean
}

/** With more kinds than this, each socket is computed by itself, which costs less than searching the kinds. */
const MOST_KINDS = 8

/** Frozen, because several reports share it. */
export class Judgements {
  readonly #kinds: Kind[] = []

  /**
   * @param rows where the binding has written the five values, at `at`; they stay there as long as this is asked
   * @param local whether the peer is on this machine
   */
  of(rows: Int32Array, at: number, local: boolean): Judgement {
    for (const kind of this.#kinds) {
      if (kind.local === local && holdTheSame(rows, at, kind)) return kind
    }
    const kind = judged(rows, at, local)
    if (this.#kinds.length < MOST_KINDS) this.#kinds.push(kind)
    return kind
  }
}

function holdTheSame(rows: Int32Array, at: number, kind: Kind): boolean {
  for (let index = 0; index < VALUES_LENGTH; index++) {
    if (rows[at + index] !== kind.rows[kind.at + index]) return false
  }
  return true
}

function judged(rows: Int32Array, at: number, local: boolean): Kind {
  const keepAlive = fromKernel(rows, at)
  const { platform } = process
  // A descriptor does not tell that its user timeout is lifted. A very long one is reported like none.
  const isLong = isPatience(keepAlive.userTimeout ?? Number.NaN)
  const meant = isLong ? { ...keepAlive, userTimeout: 0 } : keepAlive
  const warnings = warningsOf({ held: meant, local, overwritten: [], platform })
  return {
    rows,
    at,
    local,
    keepAlive: Object.freeze(keepAlive),
    detection: Object.freeze(detectionOf(meant)),
    warnings: Object.freeze(warnings.map((warning) => Object.freeze(warning))),
  }
}
