/** This process gives up all rights that it may have, such as those of root. */
import { readFileSync } from 'node:fs'
import { systemKeepAlive } from 'tcp-keepalive'

/** The user ID: nobody(5). */
const NOBODY = 65_534

/** Loads the binary, which that user may not be able to read, and then becomes a user without rights. */
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
