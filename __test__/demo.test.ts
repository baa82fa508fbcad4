/** `npm start` runs for any user, with no program except Node. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ROOT } from '../lab/command.ts'
import { labUnavailable } from '../lab/network/requirements.ts'
import { findTool, needTool } from '../lab/network/tools.ts'
import { unless } from './needs.ts'

/** The options of the demo. */
const DEADLINE_MS = 6000

const onLinux = unless(process.platform === 'linux' ? undefined : 'Cutting connections off needs Linux.')

const setpriv = findTool('setpriv')

/**
 * Root gives up all rights except reading, because the repository may be in a folder that other users cannot enter. Without the
 * secure bit, access(2), which checks whether a file exists, ignores that right for other users (access_override_creds() in
 * fs/open.c).
 */
const READING_ONLY = [
  '--securebits=+no_setuid_fixup',
  ...['bounding-set', 'inh-caps', 'ambient-caps'].map((set) => `--${set}=-all,+dac_read_search`),
]
const asNobody =
  process.getuid?.() === 0 && setpriv !== undefined
    ? [setpriv, '--reuid=65534', '--regid=65534', '--clear-groups', ...READING_ONLY, '--']
    : []

onLinux(
  'the demo, without rights or tools: both clients get an error, the waiting one after four probes',
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
    // On a busy machine the demo's own clock starts late, and it prints late. So the test asserts the order, and leaves room after
    // the deadline.
    const probes = [1, 2, 3, 4].map((n) => at(new RegExp(`probe ${n} to the one that waits`)))
    t.deepEqual(
      probes.toSorted((a, b) => a - b),
      probes,
    )
    const [waits = Number.NaN, writes = Number.NaN] = ['waits', 'writes'].map((who) =>
      at(
        new RegExp(
          `the client that ${who} gets an error: read ETIMEDOUT \\(ETIMEDOUT, outcome "no-answer"\\)`,
        ),
      ),
    )
    t.true(waits >= (probes[3] ?? Number.NaN), `${waits} ms`)
    t.true(writes > 0 && Math.max(waits, writes) <= 4 * DEADLINE_MS, `${writes} ms`)
    // It lives, although it does not read for longer than the deadline.
    t.true(at(/the server that lives reads again: all \d+ MB arrive, no client got an error/) > DEADLINE_MS)
    t.is(at(/2 h 11 min 15 s\)/), 7_875_000)
  },
)

/** Programs that the demo once used, and /usr/sbin as a whole, are replaced by a file that cannot be run. */
const HIDDEN = ['ip', 'nft', 'nsenter', 'ss', 'tcpdump', 'unshare']

const noRoot = await labUnavailable()

unless(noRoot)('npm start as an ordinary user, without /usr/sbin, tcpdump, ip or nft', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'tcp-keepalive-demo-'))
  chmodSync(home, 0o777)
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  const hide = HIDDEN.flatMap((name) => findTool(name, ['/usr/bin', '/bin']) ?? [])
  const script = [
    'for folder in /usr/sbin /sbin; do test -L "$folder" || mount -t tmpfs none "$folder" || exit 90; done',
    ...hide.map((file) => `mount --bind /dev/null ${realpathSync(file)} || exit 91`),
    'for name in ip nft tcpdump; do "$name" -V 2>/dev/null && exit 92; done',
    'exec "$@"',
  ].join('\n')
  const isRoot = process.getuid?.() === 0
  const words = ['--mount', ...(isRoot ? [] : ['--map-root-user']), 'sh', '-c', script, 'sh', ...asNobody]
  const program = spawn(needTool('unshare'), [...words, 'npm', 'start', '--silent'], {
    cwd: ROOT,
    env: {
      HOME: home,
      PATH: [
        dirname(process.execPath),
        ...new Set(['cargo', 'git'].map((name) => dirname(needTool(name)))),
        '/usr/bin',
        '/bin',
      ].join(':'),
      RUSTUP_HOME: process.env['RUSTUP_HOME'] ?? join(homedir(), '.rustup'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [printed, complaints] = await Promise.all([
    text(program.stdout),
    text(program.stderr),
    once(program, 'exit'),
  ])
  t.is(program.exitCode, 0, complaints)
  for (const who of ['waits', 'writes'])
    t.regex(printed, new RegExp(`the client that ${who} gets an error: `))
  t.regex(printed, /the server that lives reads again/)
})
