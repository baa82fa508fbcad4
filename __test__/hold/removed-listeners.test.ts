/**
 * A program that changes the listeners of a socket right after `connect()`. The limit of the attempt is a user timeout, and must be
 * replaced at 'connect'.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const program = fileURLToPath(new URL('removed-listeners.cjs', import.meta.url))

const changes = {
  connect: `removeAllListeners('connect')`,
  all: 'removeAllListeners()',
  throws: `a first listener for 'connect' that throws`,
}
for (const how of ['install', 'hold', 'set']) {
  for (const host of ['127.0.0.1', 'localhost']) {
    for (const [change, what] of Object.entries(changes)) {
      test(`${how}, ${host}: the values are set despite ${what} right after connect()`, (t) => {
        const { stdout, stderr } = spawnSync(process.execPath, [program, how, host, change], {
          encoding: 'utf8',
          env: { ...process.env, NODE_OPTIONS: '' },
          timeout: 60_000,
        })
        t.is(stdout, 'true 11000 3000 5 25000', stderr)
      })
    }
  }
}
