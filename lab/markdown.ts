/** Parts of the documentation pages that commands write. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

/** Replaces the text after each `<!-- KIND: NAME -->` of a page, up to the next `<!-- end of KIND -->`. */
export function withSections(page: string, kind: string, texts: Readonly<Record<string, string>>): string {
  const end = `<!-- end of ${kind} -->`
  return Object.entries(texts).reduce((before, [name, text]) => {
    const begin = `<!-- ${kind}: ${name} -->`
    const from = before.indexOf(begin) + begin.length
    const to = before.indexOf(end, from)
    if (!before.includes(begin) || to < 0) throw new Error(`The page lacks ${begin}, or ${end} after it`)
    return `${before.slice(0, from)}\n\n${text}\n${before.slice(to)}`
  }, page)
}
