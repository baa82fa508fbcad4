/** The rows in which the binding describes connections: see `lookForConnections` and `adoptConnections`. */
import { addressText } from '../settings/address-text.ts'
import type { KeepAlive } from '../settings/keepalive.ts'
import type { Peer } from '../settings/match.ts'
import { fromKernel } from '../socket/values.ts'

/** The length of a row. */
export const ROW = 16

const RECHECK = 3
const REMOTE = 4
const PORT = 8
const OUTCOME = 9
const REFUSAL = 10
const PUT = 11

const ADOPTED = 1

/** One connection, read from a row that the binding has written. */
export class Found {
  readonly #rows: Int32Array
  readonly #at: number

  constructor(rows: Int32Array, index: number) {
    this.#rows = rows
    this.#at = index * ROW
  }

  get descriptor(): number {
    return this.#number(0)
  }

  /** Whether it was adopted before. It is checked again, because its owner may have set its own values right after connecting. */
  get isRecheck(): boolean {
    return this.#number(RECHECK) === 1
  }

  get peer(): Peer {
    const [a, b, c, d] = [0, 1, 2, 3].map((word) => this.#number(REMOTE + word))
    const address = addressText(a ?? 0, b ?? 0, c ?? 0, d ?? 0)
    return { host: address, address, port: this.#number(PORT) }
  }

  get isAdopted(): boolean {
    return this.#number(OUTCOME) === ADOPTED
  }

  /** The status of the option that the system refused; 0 if it refused none. */
  get refusal(): number {
    return this.#number(REFUSAL)
  }

  get settings(): KeepAlive {
    return fromKernel(this.#rows, this.#at + PUT)
  }

  /** Copies the row over the one at `index`. */
  moveTo(index: number): void {
    this.#rows.copyWithin(index * ROW, this.#at, this.#at + ROW)
  }

  #number(place: number): number {
    return this.#rows[this.#at + place] ?? 0
  }
}
