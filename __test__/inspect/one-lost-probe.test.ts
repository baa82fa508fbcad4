/** The warning about a user timeout that makes one lost probe fatal, compared with what happens to such a connection. */
import { setTimeout as sleep } from 'node:timers/promises'
import { planKeepAlive } from 'tcp-keepalive'
import { warningsOf } from '../../src/inspect/warnings.ts'
import { converse } from '../../lab/network/connections.ts'
import { openLab } from '../../lab/network/lab.ts'
import { withLab } from '../needs.ts'
import { timerAtMost } from '../../lab/timing.ts'

/** The first probe goes out after 8 s, or an eighth later, and the second 5 s after it. */
const COMMON = { time: 8000, interval: 5000, retries: 3 }
const CONNECTIONS = {
  short: { ...COMMON, userTimeout: 10_000 },
  long: { ...COMMON, userTimeout: 16_000 },
}

function isWarnedOf(name: keyof typeof CONNECTIONS): boolean {
  const held = planKeepAlive(CONNECTIONS[name]).settings
  const warnings = warningsOf({ held, local: false, overwritten: [], platform: 'linux' })
  return warnings.some(({ code }) => code === 'one-lost-probe')
}

withLab(
  'the first probe is lost: the connection with the warning ends, and the other survives',
  async (t) => {
    const lab = await openLab(t)
    const conversation = await converse(lab, CONNECTIONS)
    await lab.cut()
    const heardAt = Math.max(...Object.values(conversation.opened).map((opened) => opened.heardAt))
    // By then the first probe was sent, and the second was not.
    await sleep(heardAt + timerAtMost(COMMON.time) + 500 - Date.now())
    await lab.heal()
    await conversation.loss()
    await sleep(4000)
    t.deepEqual(
      conversation.losses.map(({ name, code }) => ({ name, code })),
      [{ name: 'short', code: 'ETIMEDOUT' }],
    )
    t.true(isWarnedOf('short'))
    t.false(isWarnedOf('long'))
  },
)
