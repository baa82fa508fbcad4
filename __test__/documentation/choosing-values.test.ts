/** The figures in docs/choosing-values.md are those that planKeepAlive computes. */
import test from 'ava'
import { RETRANSMISSION_MS } from '../../src/settings/detection.ts'
import { formatDuration } from '../../src/settings/duration.ts'
import { type KeepAliveOptions } from '../../src/settings/options.ts'
import { planKeepAlive } from '../../src/settings/plan.ts'
import { MIDDLEBOXES } from '../../src/inspect/middleboxes.ts'
import { warningsOf } from '../../src/inspect/warnings.ts'
import { pages } from './pages.ts'

const { markdown = '' } = pages.find(({ path }) => path === 'docs/choosing-values.md') ?? {}

const situations = [...markdown.matchAll(/^\| (.+?) \| `(\{.+?\})` \| (.+?) \| (.+?) \| (\d+) \|$/gm)].map(
  ([, situation = '', values = '', ...figures]) => ({ situation, values, figures }),
)

const three = ({ idle, write, connect }: Record<'idle' | 'write' | 'connect', number | undefined>): string =>
  [idle, write, connect].map((each) => formatDuration(each ?? Number.NaN)).join(' / ')

for (const { situation, values, figures } of situations) {
  test(`${situation}: ${values}`, (t) => {
    // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- the page is ours
    const options = new Function(`return (${values})`)() as KeepAliveOptions
    const { settings, detection, tolerates } = planKeepAlive(options)
    const probes = Math.round(3_600_000 / (settings.time ?? Number.NaN))
    t.deepEqual(figures, [three(detection), three(tolerates), String(probes)])
  })
}

test('the table of situations is found on the page', (t) => {
  t.is(situations.length, 6)
  for (const word of ['data centre', 'router', 'NLB', 'PgBouncer', 'mobile', 'COPY'])
    t.true(
      situations.some(({ situation }) => situation.includes(word)),
      word,
    )
})

test('up to the named deadline, no load balancer forgets a connection before its first probe', (t) => {
  const [, minutes, seconds] = /deadline up to (\d+) min (\d+) s does/.exec(markdown) ?? []
  const deadline = (Number(minutes) * 60 + Number(seconds)) * 1000
  const codes = (detectWithin: number): string[] => {
    const { settings } = planKeepAlive({ detectWithin })
    const inspected = { held: settings, local: false, overwritten: [], platform: 'linux' }
    return warningsOf(inspected).map(({ code }) => code)
  }
  t.deepEqual(codes(deadline), [])
  t.deepEqual(codes(deadline + 2000), ['middlebox'])
  for (const [name, ms] of [
    ['Azure Load Balancer', 240_000],
    ['AWS Network Load Balancer', 350_000],
  ] as const) {
    t.is(MIDDLEBOXES.find((box) => box.name === name)?.forgetsAfter, ms)
    t.true(markdown.includes(`${ms / 1000} s`))
  }
})

test('the times of retransmission for each net.ipv4.tcp_retries2 are those that the kernel computes', (t) => {
  const rows = [...markdown.matchAll(/^\| (\d+)(?:, the default)? \| ([\d. mins]+) \|$/gm)]
  t.is(rows.length, 4)
  // tcp_model_timeout() of net/ipv4/tcp_timer.c: 0.2 s, then doubled, at most 120 s each.
  const timeout = (retries: number): number => {
    let all = 0
    for (let sent = 0; sent <= retries; sent++) all += Math.min(200 * 2 ** sent, 120_000)
    return all
  }
  t.is(timeout(15), RETRANSMISSION_MS)
  for (const [, retries = '', text = ''] of rows) t.is(formatDuration(timeout(Number(retries))), text)
})
