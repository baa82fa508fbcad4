/** The same values as settings of other programs. */
import type { KeepAlive } from '../settings/keepalive.ts'

/** The settings of each program by name, in its own units. */
export interface OtherPrograms {
  /** https://www.postgresql.org/docs/current/libpq-connect.html: seconds, and milliseconds for the user timeout. */
  readonly libpq: Readonly<Record<string, number>>
  /** https://www.pgbouncer.org/config.html: the units are those of libpq. */
  readonly pgbouncer: Readonly<Record<string, number>>
  /** Linux, Documentation/networking/ip-sysctl.rst: seconds. The user timeout has no sysctl. */
  readonly sysctl: Readonly<Record<string, number>>
}

export function otherPrograms(settings: KeepAlive): OtherPrograms {
  const on = settings.enabled ? 1 : 0
  const [time, interval, retries] = [
    seconds(settings.time),
    seconds(settings.interval),
    settings.retries ?? 0,
  ]
  const userTimeout = settings.userTimeout ?? 0
  return {
    libpq: {
      keepalives: on,
      keepalives_idle: time,
      keepalives_interval: interval,
      keepalives_count: retries,
      tcp_user_timeout: userTimeout,
    },
    pgbouncer: {
      tcp_keepalive: on,
      tcp_keepidle: time,
      tcp_keepintvl: interval,
      tcp_keepcnt: retries,
      tcp_user_timeout: userTimeout,
    },
    sysctl: {
      'net.ipv4.tcp_keepalive_time': time,
      'net.ipv4.tcp_keepalive_intvl': interval,
      'net.ipv4.tcp_keepalive_probes': retries,
    },
  }
}

function seconds(ms = 0): number {
  return Math.ceil(ms / 1000)
}
