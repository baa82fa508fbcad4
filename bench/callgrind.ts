/**
 * Reads what callgrind wrote ("Callgrind Format Specification" in valgrind's manual): what each line of a source takes by
 * itself, without what it calls. Code that was inlined counts for the file and line that it was written in.
 */

export interface Cost {
  /** The program or library; `???` for code that was made at run time. */
  readonly object: string
  /** `???` where the object does not tell. */
  readonly file: string
  /** 0 where it is not known. */
  readonly line: number
  readonly instructions: number
}

export interface Counted {
  /** What callgrind itself says that it counted. */
  readonly total: number
  readonly costs: readonly Cost[]
}

export function readCallgrind(text: string): Counted {
  const costs: Cost[] = []
  const [objects, files] = [new Map<string, string>(), new Map<string, string>()]
  let [object, file, line, total] = ['', '', 0, 0]
  let isCallee = false
  for (const record of text.split('\n')) {
    const [, key = '', value = ''] = /^(\w+)[=:] ?(.*)$/.exec(record) ?? []
    if (key === 'ob') object = nameOf(value, objects)
    else if (key === 'cob') nameOf(value, objects)
    else if (key === 'fl' || key === 'fi' || key === 'fe') file = nameOf(value, files)
    else if (key === 'cfl' || key === 'cfi') nameOf(value, files)
    else if (key === 'calls') isCallee = true
    else if (key === 'totals') total = Number(value)
    else if (/^[\d+*-]/.test(record)) {
      const [position = '', instructions = ''] = record.split(' ')
      line = lineAt(position, line)
      // The line after `calls` is what was called, which has lines of its own.
      if (!isCallee) costs.push({ object, file, line, instructions: Number(instructions) })
      isCallee = false
    }
  }
  return { total, costs }
}

/** A name stands in full where it is first used, `(7) name`, and as `(7)` from then on. */
function nameOf(value: string, known: Map<string, string>): string {
  const [, number = '', name] = /^\((\d+)\)(?: (.*))?$/.exec(value) ?? []
  if (name !== undefined) known.set(number, name)
  return known.get(number) ?? value
}

/** A line is a number, or its distance to the one before, or `*`: the same. */
function lineAt(position: string, before: number): number {
  if (position === '*') return before
  return /^[+-]/.test(position) ? before + Number(position) : Number(position)
}
