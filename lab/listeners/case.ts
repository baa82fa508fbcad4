/** What is known of each thing that a program may hold of a client library. The cases themselves stand in `cases/`. */

/** `idle`: nothing is under way when the server dies. `asked`: a call is. */
export type State = 'idle' | 'asked'

/**
 * `open` makes one of it, and hands what needs a listener to its third argument. It gives `call`, which asks the server on a
 * connection that is there by then, and `again`, what a program does later: on a connection that the client makes anew, or on a
 * new one where the client leaves that to the program. Where both are the same it gives that function, which is called once
 * for the connection to be there.
 */
export interface Case {
  /** The client of the matrix that it is, with options of its own; it has no `open` then. */
  readonly program?: string
  readonly options?: object
  /** Undefined for what needs no import. */
  readonly package?: string
  /** Its server cannot be started here: it waits for a server that answers nothing, and there is no later call. */
  readonly isLogin?: boolean
  /** The listener without which the program ends, as a program writes it. */
  readonly listener?: string
  /** When it emits 'error', where somebody listens. Left out: never. */
  readonly emits?: readonly State[]
  /** It emits 'error' twice for one loss. */
  readonly emitsTwice?: boolean
  /** When a program without a listener ends. Left out: never. */
  readonly ends?: readonly State[]
  /** What a call under way rejects with: code and message. Left out: it is answered later, by a new connection. */
  readonly rejects?: string
}

const { allCases } = (await import(new URL('cases.mjs', import.meta.url).href)) as {
  allCases: Readonly<Record<string, Case>>
}

export const cases: ReadonlyMap<string, Case> = new Map(Object.entries(allCases))

export interface Trial {
  readonly name: string
  readonly state: State
}

export const trials: readonly Trial[] = [...cases].flatMap(([name, { isLogin }]) =>
  (isLogin ? (['asked'] as const) : (['idle', 'asked'] as const)).map((state) => ({ name, state })),
)

const isFatal = ({ name, state }: Trial): boolean => cases.get(name)?.ends?.includes(state) ?? false

/** Those in which a program without a listener ends, and those in which it goes on. */
export const fatalTrials: readonly Trial[] = trials.filter(isFatal)
export const harmlessTrials: readonly Trial[] = trials.filter((trial) => !isFatal(trial))
