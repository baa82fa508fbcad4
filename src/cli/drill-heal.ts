/** `drill --heal`: restores the connections that a killed drill left cut off. */
import { socketsOf } from './process-sockets.ts'
import { withSocketOf } from '../socket/duplicate.ts'
import { isCut, putHopMinimum, readHopMinimum } from '../socket/hop-minimum.ts'
import { complain, say, sayJson } from './terminal.ts'

/** Sets the options to 0. The earlier values are not known, but programs hardly ever set them. */
export function heal(pid: number, inJson: boolean): number {
  const { sockets } = socketsOf(pid)
  const problems: string[] = []
  const healed = sockets.filter(({ descriptor }) => {
    try {
      return withSocketOf(pid, descriptor, (fd) => healAt(fd))
    } catch (error) {
      problems.push((error as Error).message) // go on with the others
      return false
    }
  }).length
  const [problem] = problems
  if (problem !== undefined) complain(problem)
  if (inJson) sayJson({ pid, restored: healed, problems })
  else if (problem === undefined && healed === 0) say('nothing there is cut off')
  else if (healed > 0)
    say(
      `${healed} ${healed === 1 ? 'connection was' : 'connections were'} cut off, and ${healed === 1 ? 'is' : 'are'} restored`,
    )
  return problem === undefined ? 0 : 1
}

function healAt(fd: number): boolean {
  const hops = readHopMinimum(fd)
  if (!isCut(hops)) return false
  putHopMinimum(fd, { v4: 0, v6: hops.v6 < 0 ? -1 : 0 })
  return true
}
