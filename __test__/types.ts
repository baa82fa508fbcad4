/** The public types, tested by the compiler: what must be accepted, and what must be refused (`npm run check`). */
import net from 'node:net'
import tls from 'node:tls'
import pg from 'pg'
import {
  type Capabilities,
  capabilities,
  getKeepAlive,
  getTcpInfo,
  inspectSocket,
  inspectSockets,
  installKeepAlive,
  type KeepAlive,
  type KeepAliveOptions,
  type KeepAlivePlan,
  type Outcome,
  outcomeOf,
  planKeepAlive,
  probePeer,
  setKeepAlive,
  systemKeepAlive,
  type SocketReport,
  type Target,
  type TcpInfo,
} from 'tcp-keepalive'
import * as native from 'tcp-keepalive/native'

export const targets: Target[] = [
  new net.Socket(),
  new tls.TLSSocket(new net.Socket()),
  net.createServer(),
  3,
]
export const accepted: (KeepAliveOptions | number | false)[] = [
  {},
  false,
  30_000,
  { enabled: false },
  { time: 1000, interval: 1000, retries: 3, userTimeout: 0 },
  { detectWithin: 30_000 },
  { detectWithin: 30_000, userTimeout: 0 },
  { time: undefined, detectWithin: undefined },
  getKeepAlive(3),
  systemKeepAlive(),
  planKeepAlive({}).settings,
]
setKeepAlive(new pg.Client().connection.stream, 30_000)
export const read: KeepAlive = getKeepAlive(3)
export const plan: KeepAlivePlan = planKeepAlive({ detectWithin: 5000 }, systemKeepAlive())
export const outcome: Outcome | undefined = outcomeOf(new Error('any'))
export const can: Capabilities = capabilities
export const info: TcpInfo = getTcpInfo(3)
export const reports: SocketReport[] = [inspectSocket(3), ...inspectSockets()]
export const isThere: Promise<boolean> = probePeer(3, { within: 500 })
export const status: number = native.getKeepAlive(3, new Int32Array(5))

installKeepAlive(30_000, { match: ({ port }) => port === 5432 || undefined }).uninstall()
installKeepAlive(30_000, { accepted: true })
installKeepAlive(30_000, { accepted: [8080, 8443] })
// @ts-expect-error -- a single port is given as a list; true means all ports
installKeepAlive(30_000, { accepted: 8080 })

// @ts-expect-error -- the time limit is required
void probePeer(3)
// @ts-expect-error -- a promise is truthy, whatever it resolves to
installKeepAlive(30_000, { match: async ({ port }) => port === 5432 })
// @ts-expect-error -- the time is computed from the deadline
setKeepAlive(3, { detectWithin: 5000, time: 1000 })
// @ts-expect-error -- with a deadline, the user timeout can only be 0
setKeepAlive(3, { detectWithin: 5000, userTimeout: 1000 })
// @ts-expect-error -- the field's name is time
setKeepAlive(3, { initialDelay: 1000 })
// @ts-expect-error -- Node's own call
setKeepAlive(new net.Socket(), true, 60_000)
// @ts-expect-error -- keepalive is turned on with values
setKeepAlive(new net.Socket(), true)
// @ts-expect-error -- durations are numbers
setKeepAlive(3, { time: '60s' })
// @ts-expect-error -- not a socket
setKeepAlive({ fd: 3 }, 1000)
// @ts-expect-error -- a system may not report it
export const time: number = read.time
// @ts-expect-error -- the values that were read are read-only
read.time = 1
// @ts-expect-error -- a system may not report it
export const probes: number = info.unansweredProbes
