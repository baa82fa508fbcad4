/** Which runtime this is, as its users call it: Node.js 22.1.0, Bun 1.3.5, Deno 2.5.0. */
export function runtime(): string {
  const { bun, deno, node } = process.versions as { bun?: string; deno?: string; node: string }
  if (bun !== undefined) return `Bun ${bun}`
  return deno === undefined ? `Node.js ${node}` : `Deno ${deno}`
}
