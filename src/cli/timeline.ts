/** Draws a timeline from the peer's last packet to the error. */

/** A mark on the line, at a time in milliseconds. */
export interface Mark {
  readonly at: number
  readonly sign: string
  /** Above and below the line. */
  readonly labels?: readonly [above: string, below: string]
}

/** Three lines of `width` columns: labels, the line with its marks, labels. The last mark is at the right end. */
export function timeline(marks: readonly Mark[], width: number): readonly [string, string, string] {
  const end = Math.max(...marks.map(({ at }) => at))
  const column = ({ at }: Mark): number => Math.round((at / end) * (width - 1))
  const line = Array<string>(width).fill('━')
  for (const mark of marks) line[column(mark)] = mark.sign
  const labelled = marks.filter(({ labels }) => labels !== undefined)
  const labels = (index: 0 | 1): string =>
    labelLine(
      labelled.map((mark) => ({ column: column(mark), text: mark.labels?.[index] ?? '' })),
      width,
    )
  return [labels(0), line.join(''), labels(1)]
}

/** Places the first label at the left, the last at the right end, and one between them if there is room. */
function labelLine(labels: readonly { column: number; text: string }[], width: number): string {
  const [first = '', ...others] = labels.map(({ text }) => text)
  const last = others.pop() ?? ''
  const gap = width - first.length - last.length
  const [middle] = labels.slice(1, -1)
  if (!middle || middle.text.length + 4 > gap) return first + ' '.repeat(Math.max(1, gap)) + last
  const latest = width - last.length - 2 - middle.text.length
  const at = Math.min(Math.max(middle.column, first.length + 2), latest)
  const withMiddle = first.padEnd(at) + middle.text
  return withMiddle + ' '.repeat(width - withMiddle.length - last.length) + last
}
