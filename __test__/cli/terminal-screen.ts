/** What a person sees in a recorded terminal session. */
import xterm from '@xterm/headless'

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export interface Screen {
  /** All lines on the terminal at the end, without colours, including those that have scrolled away. */
  readonly lines: readonly string[]
  /** How many of them continue a line that was too long. */
  readonly wrapped: number
}

export async function screenOf(recorded: string, { columns, rows }: TerminalSize): Promise<Screen> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true })
  await new Promise<void>((resolve) => terminal.write(recorded, resolve))
  const { active } = terminal.buffer
  const all = Array.from({ length: active.length }, (_, index) => active.getLine(index))
  const lines = all.map((line) => line?.translateToString(true) ?? '')
  while (lines.at(-1) === '') lines.pop()
  return { lines, wrapped: all.filter((line) => line?.isWrapped).length }
}
