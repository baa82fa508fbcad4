/** What comes of a drill: how many were told in time, and the exit code. */
import type { DrillReport, Fate, Finding } from './drill-findings.ts'

/** Nobody knows what would have become of these: they do not count. */
const UNDECIDED = new Set<Fate>(['cut', 'too-early', 'healed', 'ended'])

export function isDecided({ fate }: Finding): boolean {
  return !UNDECIDED.has(fate)
}

/** A program that was told, and ended of it: with another code than 0, or nobody knows with which. */
export function hasFallen({ ended, connections }: DrillReport): boolean {
  return ended !== undefined && ended.code !== 0 && connections.some(({ fate }) => fate === 'told')
}

/** The exit code where nothing can be said: neither that all were told in time, nor that somebody was not. */
export const UNKNOWN = 2

/**
 * 0: all were told in time. What was connected while the drill went on, and is too young for a verdict, does not count; one that was
 * there at the beginning does.
 */
export function exitCodeOf(reports: readonly DrillReport[]): number {
  const all = reports.flatMap(({ connections }) => connections)
  const decided = all.filter((each) => isDecided(each))
  if (reports.some((each) => !each.healed || hasFallen(each)) || decided.some(({ inTime }) => !inTime))
    return 1
  const isOpen = all.some((each) => !each.isNew && !isDecided(each))
  return isOpen || decided.length === 0 ? UNKNOWN : 0
}
