/**
 * `npm run docs -- captures`: records the packets between a client and its server in the network laboratory, for each fault of the
 * server. It writes to docs/: the packets (captures.json), a picture of each story (captures/) and tcpdump's output
 * (how-keepalive-works.md). `--draw` only makes the pictures and the page from the existing packets.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { labUnavailable } from '../network/requirements.ts'
import { withCaptures } from './page.ts'
import { drawStory } from './picture.ts'
import { recordStories } from './record.ts'
import { type Captures, STORIES } from './story.ts'

const docs = new URL('../../docs/', import.meta.url)
const packets = new URL('captures.json', docs)
const page = new URL('how-keepalive-works.md', docs)

if (!process.argv.includes('--draw')) {
  const reason = await labUnavailable()
  if (reason !== undefined) throw new Error(reason)
  await writeFile(packets, `${JSON.stringify(await recordStories(), undefined, 2)}\n`)
}
const captures = JSON.parse(await readFile(packets, 'utf8')) as Captures
await mkdir(new URL('captures/', docs), { recursive: true })
for (const name of STORIES) {
  await writeFile(new URL(`captures/${name}.svg`, docs), drawStory(name, captures.stories[name]))
}
await writeFile(page, withCaptures(await readFile(page, 'utf8'), captures))
console.log('Written: docs/captures.json, docs/captures/*.svg, docs/how-keepalive-works.md')
