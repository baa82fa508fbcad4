/** The processes that a command has started, and what they have of its environment. */
import { readdirSync, readFileSync } from 'node:fs'

/** A process, its descendants, and what has stayed in its session although its parent has ended. */
export function familyOf(leader: number): number[] {
  const others = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? (kinOf(Number(name)) ?? []) : [],
  )
  const family = new Set([leader])
  for (let before = 0; before < family.size;) {
    before = family.size
    for (const { pid, parent, session } of others)
      if (session === leader || family.has(parent)) family.add(pid)
  }
  return [...family]
}

interface Kin {
  readonly pid: number
  readonly parent: number
  readonly session: number
}

/** proc_pid_stat(5): after the name in brackets come the state, the parent, the process group and the session. */
function kinOf(pid: number): Kin | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [, parent, , session] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { pid, parent: Number(parent), session: Number(session) }
  } catch {
    return undefined // it has ended
  }
}

/** Whether a process was started with variables that contain these texts, by name; `undefined` if that may not be read. */
export function wasStartedWith(pid: number, wanted: Readonly<Record<string, string>>): boolean | undefined {
  try {
    const all = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return Object.entries(wanted).every(([name, text]) =>
      all.some((each) => each.startsWith(`${name}=`) && each.includes(text)),
    )
  } catch {
    return undefined
  }
}
