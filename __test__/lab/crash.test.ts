import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { withLab } from '../needs.ts'

withLab('nothing remains of a laboratory whose process is killed', async (t) => {
  const victim = fork(fileURLToPath(new URL('crash-victim.ts', import.meta.url)))
  const said: unknown = await Promise.race([once(victim, 'message'), once(victim, 'exit')])
  const [{ namespaces, folders }] = said as [{ namespaces: string[]; folders: string[] }]
  t.true(processesIn(namespaces).length >= 6) // at least three processes that hold namespaces, and the programs
  victim.kill('SIGKILL')
  const deadline = Date.now() + 60_000 // it takes some milliseconds; the removal of PostgreSQL's files takes longest
  const left = (): string[] => [
    ...processesIn(namespaces),
    ...folders.map((name) => join(tmpdir(), name)).filter((folder) => existsSync(folder)),
  ]
  while (left().length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
  t.deepEqual(left(), [])
})

/** The processes in these network namespaces, as the kernel lists them. A process that has ended is in none. */
function processesIn(namespaces: readonly string[]): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return namespaces.includes(readlinkSync(`/proc/${pid}/ns/net`))
    } catch {
      return false
    }
  })
}
