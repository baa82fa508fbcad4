/** Puts the captures into docs/how-keepalive-works.md, each between two marks of its own. */
import { withSections } from '../markdown.ts'
import type { Captures, Story, StoryName } from './story.ts'

export function withCaptures(page: string, captures: Captures): string {
  const all = Object.entries(captures.stories)
  const sections = all.map(([name, story]) => [name, section(name as StoryName, story)])
  return withSections(page, 'capture', Object.fromEntries(sections))
}

const ALT: Readonly<Record<StoryName, string>> = {
  alive: 'Three probes go from the client to the server, each answered at once',
  restarted: 'A probe is answered by RST, and the client gets ECONNRESET',
  gone: 'Five probes go unanswered, and the client gets ETIMEDOUT',
  'in-flight': 'Data is sent again at growing distances, and the client gets ETIMEDOUT',
  unreachable: 'Data is sent again, a router answers with ICMP, and the client gets EHOSTUNREACH',
}

function section(name: StoryName, { tcpdump, told }: Story): string {
  const end = told
    ? [`${(told.at / 1000).toFixed(3).padStart(6)}  the program gets ${told.code}, outcome "${told.outcome}"`]
    : []
  const picture = `![${ALT[name]}](captures/${name}.svg)`
  return [picture, '', '```text', ...tcpdump, ...end, '```'].join('\n')
}
