/** What a person sees of a recorded terminal session, for the few control sequences that our programs use. */

export interface Screen {
  /** Everything that is on the terminal at the end, the part that has scrolled away included, without colours. */
  readonly lines: readonly string[]
  /** The most columns that a line ever had. */
  readonly width: number
}

/** Up so many lines; erase the line; a colour; or text up to the next of these. */
// oxlint-disable-next-line no-control-regex -- that is what is looked for
const PARTS = /\u001B\[(\d+)A|(\u001B\[2K)|(\u001B\[\d+m)|(\r\n)|([^\u001B\r\n]+)/gu

export function screenOf(recorded: string): Screen {
  const lines: string[] = ['']
  let row = 0
  let width = 0
  let understood = 0
  for (const [part, up, erase, colour, newline, text = ''] of recorded.matchAll(PARTS)) {
    understood += part.length
    if (up !== undefined) row -= Number(up)
    else if (erase !== undefined) lines[row] = ''
    else if (newline !== undefined) lines[++row] ??= ''
    else if (colour === undefined) lines[row] += text
    width = Math.max(width, lines[row]?.length ?? 0)
  }
  if (understood !== recorded.length) throw new Error(`not understood: ${JSON.stringify(recorded)}`)
  return { lines, width }
}
