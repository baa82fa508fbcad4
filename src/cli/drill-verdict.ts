/** The result of a drill: which connections count, and the exit code. */
import type { DrillReport, Fate, Finding } from './drill-findings.ts'

/** These do not count: what would have become of them is not known. */
const UNDECIDED = new Set<Fate>(['cut', 'too-early', 'healed', 'ended'])

export function isDecided({ fate }: Finding): boolean {
  return !UNDECIDED.has(fate)
}

/** The exit code if the drill does not show whether all deaths are detected in time. */
export const UNKNOWN = 2

/**
 * 0: all deaths were detected in time. An undecided connection does not count if it was made during the drill. If it existed at the
 * beginning, the code is {@link UNKNOWN}.
 */
export function exitCodeOf(reports: readonly DrillReport[]): number {
  const all = reports.flatMap(({ connections }) => connections)
  const decided = all.filter((each) => isDecided(each))
  if (reports.some((each) => !each.healed || each.endedByError) || decided.some(({ inTime }) => !inTime))
    return 1
  const isOpen = all.some((each) => !each.isNew && !isDecided(each))
  return isOpen || decided.length === 0 ? UNKNOWN : 0
}
