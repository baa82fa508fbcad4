/** The pages that users read, and the blocks of code in them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { visit } from 'unist-util-visit'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

export interface Page {
  /** The path from the root, as "docs/pools.md". */
  readonly path: string
  readonly markdown: string
  readonly blocks: readonly Block[]
}

export interface Block {
  /** The place for a reader, as "docs/pools.md:12". */
  readonly at: string
  readonly language: string
  readonly text: string
}

/** README.md, docs/ with all its folders, and the other pages in the root. */
export const pages: readonly Page[] = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...(readdirSync(join(root, 'docs'), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
  .toSorted()
  .map((path) => {
    const markdown = readFileSync(join(root, path), 'utf8')
    return { path, markdown, blocks: blocksOf(path, markdown) }
  })

export const blocks: readonly Block[] = pages.flatMap((page) => page.blocks)

function blocksOf(path: string, markdown: string): Block[] {
  const found: Block[] = []
  visit(fromMarkdown(markdown), 'code', ({ lang, value, position }) => {
    found.push({ at: `${path}:${position?.start.line}`, language: lang ?? '', text: value })
  })
  return found
}
