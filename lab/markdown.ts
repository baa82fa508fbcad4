/** Parts of the documentation pages that commands write. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

/** Replaces the text between two marks of a page. */
export function withSection(page: string, begin: string, end: string, text: string): string {
  const from = page.indexOf(begin) + begin.length
  const to = page.indexOf(end, from)
  if (!page.includes(begin) || to < 0) throw new Error(`The page lacks ${begin}, or ${end} after it`)
  return page.slice(0, from) + text + page.slice(to)
}
