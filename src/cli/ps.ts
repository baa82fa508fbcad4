/** `tcp-keepalive ps`: the connections of processes. */
import {
  type ForeignSocket,
  type ForeignSockets,
  inspectForeign,
  systemRtoMax,
} from '../socket/other-process.ts'
import { ownNumberOf } from './process-numbers.ts'
import {
  type ProcessSocket,
  type ProcessSockets,
  socketsOf,
  socketsOfAll,
  Tables,
} from './process-sockets.ts'
import type { Connection, ProcessConnections } from './ps-findings.ts'
import { judge, type Measure } from './ps-judgement.ts'
import { psText } from './ps-text.ts'
import { serviceOn } from './services.ts'
import { paintFor, say, sayJson } from './terminal.ts'
import { durationOf, parse, UsageError } from './usage.ts'

export function ps(args: string[]): number {
  const { values, positionals } = parse(args, {
    json: { type: 'boolean' },
    check: { type: 'boolean' },
    within: { type: 'string' },
  })
  const pids = positionals.map((text) => pidFrom(text))
  const within = values.within === undefined ? undefined : durationOf('within', values.within)
  if (process.platform !== 'linux') {
    throw new Error(`ps needs Linux; inspectSockets() tells the same from within a program`)
  }
  const measure = { within, systemRtoMax: systemOwn() }
  const processes = found(pids).map((each) => withConnections(each, measure))
  if (values.json) sayJson(processes)
  else say(psText(processes, within, paintFor(process.stdout)))
  return values.check && processes.some((each) => !passes(each, within)) ? 1 : 0
}

function pidFrom(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text)
  throw new UsageError(`"${text}" is not the number of a process`)
}

function found(pids: readonly number[]): ProcessSockets[] {
  if (pids.length === 0) return socketsOfAll()
  const tables = new Tables()
  return [...new Set(pids)].map((pid) => socketsOf(pid, tables))
}

/** Without a time only what is off fails; with one, everything that is not known to be told in time. */
function passes({ connections }: ProcessConnections, within: number | undefined): boolean {
  return connections.every(({ protection }) =>
    within === undefined ? protection !== 'unprotected' : ['protected', 'closing'].includes(protection),
  )
}

function withConnections({ sockets, ...about }: ProcessSockets, measure: Measure): ProcessConnections {
  const { known, unreadable } = readValues(about.pid, sockets)
  const connections: Connection[] = []
  for (const socket of sockets) {
    const read = known.get(socket.descriptor)
    // What was closed since the kernel's table was read is no connection any more, and another may have its number.
    if (unreadable === undefined && (read === undefined || !isSame(socket, read))) continue
    const service = serviceOn(socket.remote.port) ?? serviceOn(socket.local.port)
    connections.push({ ...socket, service, ...judge(socket, read, measure) })
  }
  return { ...about, connections, unreadable }
}

type KnownSockets = ForeignSockets['sockets']

function readValues(
  pid: number,
  sockets: readonly ProcessSocket[],
): { readonly known: KnownSockets; readonly unreadable: string | undefined } {
  const none: KnownSockets = new Map()
  if (sockets.length === 0) return { known: none, unreadable: undefined }
  const number = ownNumberOf(pid)
  if (number === undefined) return { known: none, unreadable: 'it is in another PID namespace, or has ended' }
  const descriptors = sockets.map(({ descriptor }) => descriptor)
  try {
    const { sockets: known, refusal } = inspectForeign(number, descriptors)
    return { known, unreadable: refusal === undefined ? undefined : reasonFor(refusal) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_TCP_KEEPALIVE_NO_BINARY') throw error
    return { known: none, unreadable: 'the native binary cannot be used (tcp-keepalive doctor)' }
  }
}

function reasonFor(refusal: string): string {
  switch (refusal) {
    case 'EPERM':
      return 'it takes the rights of a debugger: root, or CAP_SYS_PTRACE'
    case 'ENOSYS':
      return 'it takes Linux 5.6 or newer'
    default:
      return `the system refuses it (${refusal})`
  }
}

function isSame({ local, remote, state }: ProcessSocket, read: ForeignSocket): boolean {
  // What has lost its peer meanwhile, or is about to, still says what it held.
  return local.port === read.localPort && (remote.port === read.remotePort || state !== 'established')
}

function systemOwn(): number | undefined {
  try {
    return systemRtoMax()
  } catch {
    return undefined // no binary: then no values are read either
  }
}
