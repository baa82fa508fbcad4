/** Which runtime this is. */

/** Bun and Deno say which Node they imitate, and which they are. */
function versions(): { readonly bun?: string; readonly deno?: string; readonly node: string } {
  return process.versions
}

/** As its users call it: Node.js 22.1.0, Bun 1.3.5, Deno 2.5.0. */
export function runtime(): string {
  const { bun, deno, node } = versions()
  if (bun !== undefined) return `Bun ${bun}`
  return deno === undefined ? `Node.js ${node}` : `Deno ${deno}`
}

export function isNode(): boolean {
  const { bun, deno } = versions()
  return bun === undefined && deno === undefined
}

export function isDeno(): boolean {
  return versions().deno !== undefined
}
