/** This process gives up every right that it may have, as root has them. */
import { readFileSync } from 'node:fs'
import { systemKeepAlive } from 'tcp-keepalive'

/** Of nobody(5). */
const NOBODY = 65_534

/** Loads the binary, which this user may not be allowed to read, and becomes a user who may nothing. */
export function giveUpRights(): void {
  systemKeepAlive()
  if (process.getuid?.() === 0) {
    process.setgroups?.([])
    process.setgid?.(NOBODY)
    process.setuid?.(NOBODY)
  }
  const [, capabilities] = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  if (Number.parseInt(capabilities ?? '', 16) !== 0) throw new Error(`There are rights left: ${capabilities}`)
}
