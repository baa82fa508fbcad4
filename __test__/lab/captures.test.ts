/** The captures shown in docs/ are drawn from the packets in docs/captures.json (`npm run docs -- captures`). */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { planKeepAlive } from 'tcp-keepalive'
import { withCaptures } from '../../lab/captures/page.ts'
import { drawStory } from '../../lab/captures/picture.ts'
import { type Captures, STORIES } from '../../lab/captures/story.ts'

const read = (path: string): string => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8')
const captures = JSON.parse(read('captures.json')) as Captures
const { settings } = planKeepAlive({ detectWithin: captures.detectWithin })
const { time = 0, interval = 0, retries = 0 } = settings

test('the pictures and the page show the recorded packets', (t) => {
  for (const name of STORIES) {
    t.is(read(`captures/${name}.svg`), drawStory(name, captures.stories[name]), name)
  }
  const page = read('how-keepalive-works.md')
  t.is(withCaptures(page, captures), page)
})

test('the page gives the values of the recorded connections', (t) => {
  const page = read('how-keepalive-works.md').replaceAll(/\s+/g, ' ')
  t.true(page.includes(`recorded on ${/^\w+ \d+\.\d+/.exec(captures.system)?.[0]} in`))
  t.true(page.includes(`\`detectWithin: ${captures.detectWithin / 1000}_000\``))
  const userTimeout = (settings.userTimeout ?? 0) / 1000
  t.true(
    page.includes(
      `\`time\` ${time / 1000} s, \`interval\` ${interval / 1000} s, \`retries\` ${retries} and a \`userTimeout\` of ${userTimeout} s`,
    ),
  )
})

test('the recorded packets are as the page describes them', (t) => {
  const { alive, restarted, gone, ...written } = captures.stories
  for (const { sent, tcpdump } of Object.values(captures.stories)) t.is(tcpdump.length, sent.length)
  const probes = (sent: typeof alive.sent): number => sent.filter(({ what }) => what === 'probe').length
  t.true(probes(alive.sent) >= 3)
  t.is(alive.told, undefined)
  t.is(probes(restarted.sent), 1)
  t.is(restarted.told?.code, 'ECONNRESET')
  t.is(probes(gone.sent), retries)
  t.true(gone.sent.every(({ what, arrives }) => arrives === (what !== 'probe' && what !== 'RST')))
  t.is(gone.told?.code, 'ETIMEDOUT')
  t.is(written['in-flight'].told?.code, 'ETIMEDOUT')
  t.is(written.unreachable.told?.code, 'EHOSTUNREACH')
  for (const story of Object.values(written)) t.is(probes(story.sent), 0)
  // Within the deadline, each by its own clock.
  for (const { told } of [restarted, gone, written['in-flight'], written.unreachable]) {
    t.true((told?.at ?? Number.NaN) <= captures.detectWithin)
  }
})
