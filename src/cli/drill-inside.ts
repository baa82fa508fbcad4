/** Runs the drill inside a program that `drill -- COMMAND` has started. NODE_OPTIONS loads this file by its absolute path. */
import { isMainThread } from 'node:worker_threads'
// oxlint-disable-next-line import/no-unassigned-import -- puts shared code into the implementation's file: see tsdown.config.ts
import '../entry/implementation.ts'
import { peersOf } from './drill-matching.ts'
import { type InsideTask, NewsWriter } from './drill-news.ts'
import { INSIDE, LOOK_MS, pause, Session, SETTLE_MS, type Show } from './drill-session.ts'
import { peerMatcher } from '../settings/match.ts'

const text = process.env[INSIDE]
if (text !== undefined && isMainThread) {
  const { folder, patterns, ...task } = JSON.parse(text) as InsideTask
  const { pid } = process
  const files = new NewsWriter(folder)
  const age = files.age // a process that starts during the drill counts as new, as a new connection does
  const whole = task.time ?? task.within * 2
  const asked = age === undefined ? task : { ...task, time: whole - age }
  const session = new Session(pid, peerMatcher([...patterns]), asked)
  let last = ''
  const tellChanged: Show = ([{ connections } = { connections: [] }]) => {
    const now = JSON.stringify(connections)
    if (now !== last) files.tell({ pid, connections })
    last = now
  }
  const isStopped = async (): Promise<void> => {
    while (!files.isStopped) await pause(LOOK_MS)
  }
  const untilConnected = async (): Promise<void> => {
    let known: string | undefined
    while (!session.hasMatching) {
      const peers = peersOf(pid)
      if (peers !== known) files.tell({ pid, peers })
      known = peers
      await pause(LOOK_MS)
    }
  }
  const begin = async (): Promise<void> => {
    await untilConnected()
    if (age === undefined) {
      files.tell({ pid, isSettling: true })
      await pause(SETTLE_MS)
      await untilConnected() // again, because a program may connect for each request
    }
    if (files.isStopped) return
    process.once('exit', tellLast)
    const report = await session.run(tellChanged, isStopped(), age !== undefined)
    process.removeListener('exit', tellLast)
    files.tell({ pid, report })
  }
  /** Writes a report when the program ends: an unhandled 'error' of a socket may be the reason. */
  const tellLast = (code: number): void => {
    try {
      const report = session.lastReport({ code })
      if (report) files.tell({ pid, report })
    } catch {
      // The last line that was written stays valid.
    }
  }
  if (age === undefined || (task.withNew && age < whole))
    begin().catch((error: unknown) => files.tell({ pid, problem: (error as Error).message }))
}
