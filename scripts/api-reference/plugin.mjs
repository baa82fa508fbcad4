/**
 * Adds to the API reference (`npm run docs -- api`, docs/api) what TypeDoc leaves out: the names to import, a table of contents, and
 * the meaning of each string in a union.
 */
import { Comment, Converter, ReflectionKind } from 'typedoc'

const ABOUT_NATIVE = `Everything that \`import * as native from 'tcp-keepalive/native'\` gives: the binding itself, for raw descriptors. It takes and
gives the kernel's own units, checks nothing but that a socket speaks TCP, and does not know of holds.`

/** @param {import('typedoc').Application} app */
export function load({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    // TypeDoc names this module after its file, index.d.ts.
    const native = project.children?.find(({ name }) => name === 'index')
    if (!native) throw new Error('The reference lacks index.d.ts')
    native.name = 'native'
    native.comment = new Comment([text(ABOUT_NATIVE)])
  })
  converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const alias of project.getReflectionsByKind(ReflectionKind.TypeAlias)) explainStrings(alias)
    for (const { comment, children } of project.children) comment.summary.push(...contents(children))
  })
}

/** TypeDoc reads the comments of a union's strings, but the Markdown plugin leaves them out. */
function explainStrings({ type, comment }) {
  if (!type?.elementSummaries) return
  const items = type.types.flatMap(({ value }, index) => [
    text(`\n- \`${value}\`: `),
    ...type.elementSummaries[index],
  ])
  comment.summary.push(text('\n'), ...items)
}

/** A table of the functions with the first sentence of each description. */
function contents(members) {
  const functions = members.filter(({ kind }) => kind === ReflectionKind.Function)
  const rows = functions.flatMap((each) => [
    text('\n| '),
    { kind: 'inline-tag', tag: '@link', text: each.name, target: each },
    text(' | '),
    ...firstSentence(each.signatures[0].comment.summary),
    text(' |'),
  ])
  return [text('\n\n| function | what it does |\n|---|---|'), ...rows]
}

/** Leaves out links: their targets are on the same page. */
function firstSentence(parts) {
  const sentence = []
  for (const part of parts) {
    const end = part.kind === 'text' ? part.text.search(/\.(\s|$)/) : -1
    const kept = end < 0 ? part.text : part.text.slice(0, end + 1)
    sentence.push({ ...part, kind: part.kind === 'code' ? 'code' : 'text', text: kept.replaceAll('\n', ' ') })
    if (end >= 0) break
  }
  return sentence
}

function text(content) {
  return { kind: 'text', text: content }
}
