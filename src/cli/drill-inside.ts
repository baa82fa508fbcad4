/** Loaded by an absolute path in NODE_OPTIONS into a program that `drill -- COMMAND` has started: the drill, from within. */
import { isMainThread } from 'node:worker_threads'
// oxlint-disable-next-line import/no-unassigned-import -- tsdown.config.ts: what the entries share goes into the implementation's file
import '../entry/implementation.ts'
import { peersOf } from './drill-matching.ts'
import { type InsideTask, NewsFolder } from './drill-news.ts'
import { INSIDE, LOOK_MS, pause, Session, type Show } from './drill-session.ts'
import { peerMatcher } from '../settings/match.ts'

/** A program that has its first connection may still be making others. */
const SETTLE_MS = 3000

const text = process.env[INSIDE]
if (text !== undefined && isMainThread) {
  const { folder, patterns, ...task } = JSON.parse(text) as InsideTask
  const { pid } = process
  const files = new NewsFolder(folder)
  const age = files.age // what is started later is as new as a connection that is made later
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
    let told: string | undefined
    while (!session.hasMatching) {
      const peers = peersOf(pid)
      if (peers !== told) files.tell({ pid, peers })
      told = peers
      await pause(LOOK_MS)
    }
  }
  const begin = async (): Promise<void> => {
    await untilConnected()
    if (age === undefined) {
      files.tell({ pid, isSettling: true })
      await pause(SETTLE_MS)
      await untilConnected() // it may be that it connects for each question
    }
    if (files.isStopped) return
    files.begin()
    process.once('exit', tellLast)
    const report = await session.run(tellChanged, isStopped(), age !== undefined)
    process.removeListener('exit', tellLast)
    files.tell({ pid, report })
  }
  /** It may be that it was told, and ends of it. */
  const tellLast = (code: number): void => {
    try {
      const report = session.lastReport({ code })
      if (report) files.tell({ pid, report })
    } catch {
      // What was told before stays.
    }
  }
  if (age === undefined || (task.withNew && age < whole))
    begin().catch((error: unknown) => files.tell({ pid, problem: (error as Error).message }))
}
