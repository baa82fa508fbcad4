/** `npm start` tells its story to any user, without any program beside Node. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { ROOT } from '../lab/command.ts'
import { findTool } from '../lab/network/tools.ts'
import { unless } from './needs.ts'

/** What the demo asks for. */
const DEADLINE_MS = 6000

const onLinux = unless(process.platform === 'linux' ? undefined : 'Cutting connections off needs Linux.')

const setpriv = findTool('setpriv')

/** Of root's rights all are given up but reading: the repository may lie where no other user may look. */
const READING_ONLY = ['bounding-set', 'inh-caps', 'ambient-caps'].map(
  (set) => `--${set}=-all,+dac_read_search`,
)
const asNobody =
  process.getuid?.() === 0 && setpriv !== undefined
    ? [setpriv, '--reuid=65534', '--regid=65534', '--clear-groups', ...READING_ONLY, '--']
    : []

onLinux(
  'the demo: both clients are told, the one that waits after four probes, without rights and without tools',
  async (t) => {
    const demo = [process.execPath, '--import=ts-blank-space/register', 'scripts/demo.ts']
    const [command = '', ...args] = [...asNobody, ...demo]
    const program = spawn(command, args, {
      cwd: ROOT,
      env: { PATH: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [printed] = await Promise.all([text(program.stdout), once(program, 'exit')])
    t.is(program.exitCode, 0)
    const at = (what: RegExp): number => {
      const line = printed.split('\n').find((each) => what.test(each))
      t.truthy(line, `${String(what)} in ${printed}`)
      return Number.parseFloat(line ?? '') * 1000
    }
    // The demo's own clock begins late, and it prints late, on a busy machine: so the order is asserted, and room beside the deadline.
    const probes = [1, 2, 3, 4].map((n) => at(new RegExp(`probe ${n} to the one that waits`)))
    t.deepEqual(
      probes.toSorted((a, b) => a - b),
      probes,
    )
    const [waits = Number.NaN, writes = Number.NaN] = ['waits', 'writes'].map((who) =>
      at(new RegExp(`the client that ${who} is told: read ETIMEDOUT \\(ETIMEDOUT, outcome "no-answer"\\)`)),
    )
    t.true(waits >= (probes[3] ?? Number.NaN), `${waits} ms`)
    t.true(writes > 0 && Math.max(waits, writes) <= 4 * DEADLINE_MS, `${writes} ms`)
    t.is(at(/2 h 11 min 15 s\)/), 7_875_000)
  },
)
