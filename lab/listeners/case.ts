/** The facts about each object of a client library that a program may hold. The cases are in `cases/`. */

/** When the server dies: `idle` without a call in progress, `asked` with one. */
export type State = 'idle' | 'asked'

/**
 * A case opens its object in one of these ways. Each function passes the objects that need a listener to `listen`.
 *
 * - `program`, `options`: the client of the matrix, with these options.
 * - `connect(module, where, listen)` resolves with a connection, and `ask(connection, listen)` sends a request on it. A later request
 *   uses a new connection.
 * - `open(module, where, listen)` resolves with a function that sends a request, also later: the client reconnects itself. Or it
 *   resolves with `call`, the request on the present connection, and `again`, the request later.
 */
export interface Case {
  readonly program?: string
  readonly options?: object
  /** Undefined if it needs no import. */
  readonly package?: string
  /** Its server cannot be started here: its only call waits for a server that answers nothing. */
  readonly isLogin?: boolean
  /** The listener without which the program ends, as a program writes it. */
  readonly listener?: string
  /** When it emits 'error', if there is a listener. By default never. */
  readonly emits?: readonly State[]
  /** It emits 'error' twice for one loss. */
  readonly emitsTwice?: boolean
  /** When a program without a listener ends. By default when it emits 'error' if it has a `listener`, otherwise never. */
  readonly ends?: readonly State[]
  /** The code and message with which a call in progress rejects. By default a new connection answers it later. */
  readonly rejects?: string
}

const { allCases } = (await import(new URL('cases.mjs', import.meta.url).href)) as {
  allCases: Readonly<Record<string, Case>>
}

export const cases: ReadonlyMap<string, Case> = new Map(
  Object.entries(allCases).map(([name, one]) => [name, { ends: (one.listener && one.emits) || [], ...one }]),
)

export interface Trial {
  readonly name: string
  readonly state: State
}

export const trials: readonly Trial[] = [...cases].flatMap(([name, { isLogin }]) =>
  (isLogin ? (['asked'] as const) : (['idle', 'asked'] as const)).map((state) => ({ name, state })),
)

const isFatal = ({ name, state }: Trial): boolean => cases.get(name)?.ends?.includes(state) ?? false

/** The trials in which a program without a listener ends, and those in which it goes on. */
export const fatalTrials: readonly Trial[] = trials.filter(isFatal)
export const harmlessTrials: readonly Trial[] = trials.filter((trial) => !isFatal(trial))
