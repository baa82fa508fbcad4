/** Parses HOST:PORT. */
import { serviceOn } from './services.ts'
import { UsageError } from './usage.ts'

export interface Address {
  readonly text: string
  readonly host: string
  readonly port: number
  /** The service that usually listens on the port. */
  readonly service: string | undefined
}

/** Reads `db.internal:5432`, `10.0.0.5:5432` or `[::1]:5432`. */
export function parsePeer(text: string): Address {
  const [, bracketed, bare, digits = ''] = /^(?:\[(.+)\]|([^:[\]]+)):(\d+)$/.exec(text) ?? []
  const host = bracketed ?? bare
  if (host === undefined)
    throw new UsageError(`"${text}" is not HOST:PORT, as db.internal:5432 or [::1]:5432`)
  const port = Number(digits)
  if (port < 1 || port > 65_535) throw new UsageError(`"${text}": a port is 1 to 65535, not ${digits}`)
  return { text, host, port, service: serviceOn(port) }
}
