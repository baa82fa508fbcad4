/** `tcp-keepalive doctor`: shows what this machine supports. */
import { arch, release } from 'node:os'
import { capabilities, planKeepAlive, systemKeepAlive } from 'tcp-keepalive'
import { runtime } from '../settings/runtime.ts'
import type { DoctorFindings } from './doctor-findings.ts'
import { examineRegister } from './doctor-register.ts'
import { doctorText } from './doctor-text.ts'
import { paintFor, say, sayJson } from './terminal.ts'
import { parse, UsageError } from './usage.ts'
import { version } from './version.ts'

export function doctor(args: string[]): number {
  const { values, positionals } = parse(args, { json: { type: 'boolean' } })
  if (positionals.length > 0) throw new UsageError(`doctor takes no argument such as "${positionals[0]}"`)
  const findings = examine()
  if (values.json) sayJson(findings)
  else say(doctorText(findings, paintFor(process.stdout)))
  return findings.binary.loaded ? 0 : 1
}

function examine(): DoctorFindings {
  const platform = [process.platform, arch(), libc(), release()].filter(Boolean).join(' ')
  const common = { version: version(), runtime: runtime(), platform, capabilities }
  try {
    const defaults = systemKeepAlive()
    const { detection } = planKeepAlive({ enabled: true }, defaults)
    const binary = { loaded: true, path: loadedBinary(), problem: undefined }
    const system = { defaults, detectionIfOn: detection }
    return { ...common, binary, system, register: examineRegister(defaults) }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    const register = examineRegister(undefined)
    return { ...common, binary: { loaded: false, path: undefined, problem }, system: undefined, register }
  }
}

/** The C library of this process; empty on other systems than Linux. */
function libc(): string {
  if (process.platform !== 'linux') return ''
  const { header } = (process.report?.getReport() ?? {}) as { header?: { glibcVersionRuntime?: string } }
  const glibc = header?.glibcVersionRuntime
  return glibc === undefined ? 'musl' : `glibc ${glibc}`
}

function loadedBinary(): string | undefined {
  return Object.keys(require.cache).find((file) => /tcp-keepalive.*\.node$/.test(file))
}
