/** The machine of a measurement, as far as it matters to the figures. */
import { cpus, release, totalmem, type } from 'node:os'

/** "2 × Intel …, 8 GiB, Linux 6.1". */
export function describeMachine(): string {
  const processors = cpus()
  const kernel = /^\d+(\.\d+)*/.exec(release())?.[0] ?? ''
  const name = processors[0]?.model.trim() ?? process.arch
  return `${processors.length} × ${name}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${kernel}`
}
