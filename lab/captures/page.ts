/** Puts the captures into docs/how-keepalive-works.md, each between two marks of its own. */
import { withSection } from '../markdown.ts'
import type { Captures, Story, StoryName } from './story.ts'

const END = '<!-- end of capture -->'

export function withCaptures(page: string, captures: Captures): string {
  let text = page
  for (const [name, story] of Object.entries(captures.stories)) {
    text = withSection(text, `<!-- capture: ${name} -->`, END, section(name as StoryName, story))
  }
  return text
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
  return ['', picture, '', '```text', ...tcpdump, ...end, '```', ''].join('\n')
}
