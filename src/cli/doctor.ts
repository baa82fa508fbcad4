/** `tcp-keepalive doctor`: what this machine can do. */
import { arch, release } from 'node:os'
import {
  type Capabilities,
  capabilities,
  type KeepAlive,
  planKeepAlive,
  systemKeepAlive,
} from 'tcp-keepalive'
import type { Detection } from '../settings/detection.ts'
import { doctorText } from './doctor-text.ts'
import { paintFor, say, sayJson } from './terminal.ts'
import { parse, UsageError } from './usage.ts'
import { version } from './version.ts'

/** What was found out. */
export interface Findings {
  readonly version: string
  readonly runtime: string
  readonly platform: string
  readonly binary: Binary
  readonly capabilities: Capabilities
  /** What a socket has to which nobody has done anything, and what it would mean with keepalive turned on. */
  readonly system: { readonly defaults: KeepAlive; readonly detectionIfOn: Detection } | undefined
}

/** The native binary: where it was loaded from, or why it was not. */
export interface Binary {
  readonly loaded: boolean
  readonly path: string | undefined
  readonly problem: string | undefined
}

export function doctor(args: string[]): number {
  const { values, positionals } = parse(args, { json: { type: 'boolean' } })
  if (positionals.length > 0) throw new UsageError(`doctor takes no argument such as "${positionals[0]}"`)
  const findings = examine()
  if (values.json) sayJson(findings)
  else say(doctorText(findings, paintFor(process.stdout)))
  return findings.binary.loaded ? 0 : 1
}

function examine(): Findings {
  const platform = [process.platform, arch(), libc(), release()].filter(Boolean).join(' ')
  const common = { version: version(), runtime: runtime(), platform, capabilities }
  try {
    const defaults = systemKeepAlive()
    const { detection } = planKeepAlive({ enabled: true }, defaults)
    const binary = { loaded: true, path: loadedBinary(), problem: undefined }
    return { ...common, binary, system: { defaults, detectionIfOn: detection } }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { ...common, binary: { loaded: false, path: undefined, problem }, system: undefined }
  }
}

function runtime(): string {
  const { bun, deno, node } = process.versions
  if (bun !== undefined) return `Bun ${bun}`
  return deno === undefined ? `Node.js ${node}` : `Deno ${deno}`
}

/** Of Linux: which C library this process has. */
function libc(): string {
  if (process.platform !== 'linux') return ''
  const { header } = (process.report?.getReport() ?? {}) as { header?: { glibcVersionRuntime?: string } }
  const glibc = header?.glibcVersionRuntime
  return glibc === undefined ? 'musl' : `glibc ${glibc}`
}

function loadedBinary(): string | undefined {
  return Object.keys(require.cache).find((file) => /tcp-keepalive.*\.node$/.test(file))
}
