/** `tcp-keepalive ps`: the connections of a process. */
import { type ProcessSocket, type ProcessSockets, socketsOf, socketsOfAll } from './process-sockets.ts'
import type { ProcessConnections, Protection } from './ps-findings.ts'
import { psText } from './ps-text.ts'
import { serviceOn } from './services.ts'
import { paintFor, say, sayJson } from './terminal.ts'
import { parse, UsageError } from './usage.ts'

export function ps(args: string[]): number {
  const { values, positionals } = parse(args, { json: { type: 'boolean' }, check: { type: 'boolean' } })
  const [pidText] = positionals
  if (positionals.length > 1) throw new UsageError('one PID, or none for all')
  if (pidText !== undefined && !/^[1-9]\d{0,9}$/.test(pidText)) {
    throw new UsageError(`"${pidText}" is not the number of a process`)
  }
  if (process.platform !== 'linux') {
    throw new Error(`ps needs Linux; inspectSockets() tells the same from within a program`)
  }
  const found = pidText === undefined ? socketsOfAll() : [socketsOf(Number(pidText))]
  const processes = found.map((each) => withConnections(each))
  if (values.json) sayJson(processes)
  else say(psText(processes, paintFor(process.stdout)))
  return values.check && processes.some((each) => hasUnprotected(each)) ? 1 : 0
}

function hasUnprotected({ connections }: ProcessConnections): boolean {
  return connections.some(({ protection }) => protection === 'unprotected')
}

function withConnections({ sockets, ...process }: ProcessSockets): ProcessConnections {
  const connections = sockets.map((socket) => ({
    ...socket,
    service: serviceOn(socket.remote.port) ?? serviceOn(socket.local.port),
    protection: protectionOf(socket),
  }))
  return { ...process, connections }
}

function protectionOf({ state, timer }: ProcessSocket): Protection {
  if (state !== 'established' && state !== 'close-wait') return 'closing'
  if (timer === 'keepalive') return 'protected'
  return timer === 'none' ? 'unprotected' : 'in-flight'
}
