/** Loaded by an absolute path in NODE_OPTIONS into a program that `drill -- COMMAND` has started: the drill, from within. */
import { appendFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
// oxlint-disable-next-line import/no-unassigned-import -- tsdown.config.ts: what the entries share goes into the implementation's file
import '../entry/implementation.ts'
import type { InsideNews, InsideTask } from './drill-command.ts'
import { INSIDE, LOOK_MS, pause, Session } from './drill-session.ts'
import { peerMatcher } from '../settings/match.ts'

/** A program that has its first connection may still be making others. */
const SETTLE_MS = 3000

const text = process.env[INSIDE]
if (text !== undefined && isMainThread) {
  const { file, patterns, ...asked } = JSON.parse(text) as InsideTask
  const session = new Session(process.pid, peerMatcher([...patterns]), asked)
  const tell = (news: InsideNews): void => {
    try {
      appendFileSync(file, `${JSON.stringify(news)}\n`)
    } catch {
      // Whoever asked for the drill is gone; it goes on to its end, and heals.
    }
  }
  const { pid } = process
  let last = ''
  const show = (connections: Parameters<Parameters<Session['run']>[0]>[0]): void => {
    const now = JSON.stringify(connections)
    if (now !== last) tell({ pid, connections })
    last = now
  }
  const begin = async (): Promise<void> => {
    while (!session.hasMatching) await pause(LOOK_MS)
    await pause(SETTLE_MS)
    tell({ pid, report: await session.run(show, new Promise(() => {})) })
  }
  // What went wrong here is no fault of the program.
  begin().catch((error: unknown) => process.emitWarning(`drill: ${String(error)}`))
}
