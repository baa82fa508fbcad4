/**
 * Reads callgrind's output ("Callgrind Format Specification" in valgrind's manual): the instructions of each source line, without
 * those of the functions that it calls. Inlined code counts for the file and line of its source.
 */

export interface Cost {
  /** The program or library; `???` for code that was generated at run time. */
  readonly object: string
  /** `???` if the object has no such information. */
  readonly file: string
  /** 0 if it is not known. */
  readonly line: number
  readonly instructions: number
}

export interface Counted {
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
      // The line after `calls` is the cost of the called function, which has lines of its own.
      if (!isCallee) costs.push({ object, file, line, instructions: Number(instructions) })
      isCallee = false
    }
  }
  return { total, costs }
}

/** A name is given once, `(7) name`, and then as `(7)`. */
function nameOf(value: string, known: Map<string, string>): string {
  const [, number = '', name] = /^\((\d+)\)(?: (.*))?$/.exec(value) ?? []
  if (name !== undefined) known.set(number, name)
  return known.get(number) ?? value
}

/** A line is a number, the distance to the previous line, or `*` for the same line. */
function lineAt(position: string, before: number): number {
  if (position === '*') return before
  return /^[+-]/.test(position) ? before + Number(position) : Number(position)
}
