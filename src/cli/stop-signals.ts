/** The signals that end a drill. Their listeners stay: without one, a second Ctrl-C would end the drill before it has restored everything. */
export interface Stopped {
  readonly once: Promise<void>
  /** The user does not want to wait any longer. */
  readonly twice: Promise<void>
}

export function signals(): Stopped {
  const waiting: (() => void)[] = []
  const next = async (): Promise<void> => new Promise((resolve) => void waiting.push(resolve))
  const stopped = { once: next(), twice: next() }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => waiting.shift()?.())
  return stopped
}
