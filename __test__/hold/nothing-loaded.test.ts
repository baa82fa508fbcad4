/** Nothing is loaded inside events and wrapped calls, even if something fails there. */
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { certificate } from '../../lab/servers/certificate.ts'
import { unless } from '../needs.ts'
import { preloadUnavailable } from '../../lab/preload.ts'
import { refusing, run } from './refuse.ts'

const program = fileURLToPath(new URL('nothing-loaded-program.cjs', import.meta.url))
const CERTIFICATE = JSON.stringify(certificate)

interface Printed {
  readonly done: readonly string[]
  readonly reported: readonly string[]
}

const CALLS = ['install', 'hold', 'hold on a server', 'accepted', 'waiting set']
const VALUES: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
  ['values', {}],
  ['a deadline', { DEADLINE: '5000' }],
]
for (const [begin, [what, variables]] of CALLS.flatMap((call) =>
  VALUES.map((values) => [call, values] as const),
)) {
  test(`nothing is loaded after the first call: ${begin}, ${what}`, (t) => {
    const { stdout, stderr } = run([program, begin], { CERTIFICATE, ...variables })
    t.true(stdout.startsWith('{'), stderr)
    const { done, reported } = JSON.parse(stdout) as Printed
    t.deepEqual(
      done.filter((each) => each.startsWith('loaded')),
      [],
    )
    if (begin !== 'waiting set') t.true(done.includes('apply'))
    if (begin !== 'install') return
    t.true(done.includes('lost'))
    t.true(done.includes('TCP_KEEPALIVE_NOT_SET'))
    t.deepEqual(reported, ['match failed', 'ERR_TCP_KEEPALIVE_NOT_TCP', 'ERR_TCP_KEEPALIVE_NOT_TCP'])
  })
}

const refused = unless(preloadUnavailable())
refused('nothing is loaded when the system refuses an option', (t) => {
  const variables = { ...refusing(t, { refuse: ['TCP_USER_TIMEOUT'] }), CERTIFICATE }
  const { stdout, stderr } = run([program, 'install'], variables)
  t.true(stdout.startsWith('{'), stderr)
  const { done, reported } = JSON.parse(stdout) as Printed
  t.true(reported.includes('EPERM'))
  t.deepEqual(
    done.filter((each) => each.startsWith('loaded')),
    [],
  )
})
