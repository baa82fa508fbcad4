/** `tcp-keepalive ps`: shows the connections of processes. */
import { systemRtoMax } from '../socket/other-process.ts'
import { type AddressMatcher, addressMatcher } from './address-matcher.ts'
import { Tables } from './network-tables.ts'
import { readAllProcesses, readProcess, type ReadProcess } from './process-values.ts'
import type { Connection, ProcessConnections } from './ps-findings.ts'
import { type Judge, judgeBy } from './ps-judgement.ts'
import { nothingText, psText } from './ps-text.ts'
import { serviceOn } from './services.ts'
import { complain, paintFor, say, sayJson } from './terminal.ts'
import { durationOf, parse, pidFrom } from './usage.ts'

export function ps(args: string[]): number {
  const { values, positionals } = parse(args, {
    json: { type: 'boolean' },
    check: { type: 'boolean' },
    within: { type: 'string' },
    match: { type: 'string', multiple: true },
  })
  const pids = positionals.map((text) => pidFrom(text))
  const within = values.within === undefined ? undefined : durationOf('within', values.within)
  const matcher = values.match && addressMatcher(values.match)
  if (process.platform !== 'linux') {
    throw new Error('ps needs Linux; inspectSockets() reports the same inside a program')
  }
  const judge = judgeBy({ within, systemRtoMax: systemOwn() })
  const { processes: all, refused } = read(pids)
  const found = matcher ? matching(all, matcher, pids.length > 0) : all
  const processes = found.map((each) => withConnections(each, judge))
  if (values.json) sayJson(processes)
  else if (processes.length === 0) say(nothingText(matcher !== undefined))
  else say(psText(processes, within, paintFor(process.stdout)))
  if (values.check && matcher && processes.every(({ connections }) => connections.length === 0)) {
    complain(`no connection was checked: none matches ${matcher.patterns.join(' or ')}`)
    return 1
  }
  if (values.check && processes.length === 0 && refused > 0) {
    complain(
      `no connection was checked: ${refused} ${refused === 1 ? 'process' : 'processes'} may not be read`,
    )
    return 1
  }
  return values.check && processes.some((each) => !passes(each, within)) ? 1 : 0
}

function read(pids: readonly number[]): ReturnType<typeof readAllProcesses> {
  const tables = new Tables()
  if (pids.length === 0) return readAllProcesses(tables)
  return { processes: [...new Set(pids)].map((pid) => readProcess(pid, tables)), refused: 0 }
}

/** Leaves out the other connections, and the processes that have none of these, unless they were given by PID. */
function matching(all: readonly ReadProcess[], matcher: AddressMatcher, areGiven: boolean): ReadProcess[] {
  return all.flatMap((each) => {
    const sockets = each.sockets.filter(({ remote: { address, port } }) =>
      matcher.late({ host: address, address, port }),
    )
    return areGiven || sockets.length > 0 ? [{ ...each, sockets }] : []
  })
}

/** Without `--within` only connections without keepalive fail. With it, all fail that are not known to detect a death in time. */
function passes({ connections }: ProcessConnections, within: number | undefined): boolean {
  return connections.every(({ protection }) =>
    within === undefined ? protection !== 'unprotected' : ['protected', 'closing'].includes(protection),
  )
}

function withConnections({ sockets, ...about }: ReadProcess, judge: Judge): ProcessConnections {
  const connections = sockets.map((socket): Connection => {
    const { descriptor, local, remote, state, timer, timerIn, unansweredProbes, read } = socket
    const { values, detection, lifted, protection } = judge(socket, read)
    const service = serviceOn(remote.port) ?? serviceOn(local.port)
    // Written out, because with thousands of connections most of the time would go into object spreads.
    return {
      descriptor,
      local,
      remote,
      state,
      timer,
      timerIn,
      unansweredProbes,
      service,
      values,
      detection,
      lifted,
      protection,
    }
  })
  return { ...about, connections }
}

function systemOwn(): number | undefined {
  try {
    return systemRtoMax()
  } catch {
    return undefined // there is no binary, so no values are read either
  }
}
