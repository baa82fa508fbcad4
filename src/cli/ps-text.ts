/** How the connections of processes look. */
import { endpointText } from '../settings/address-text.ts'
import { formatDuration } from '../settings/duration.ts'
import type { Connection, ProcessConnections } from './ps-findings.ts'
import { type Paint, shortened, table } from './terminal.ts'

/** Of 80 columns, those that the last two of the table need not have. */
const PEER_WIDTH = 38
const COMMAND_WIDTH = 70

export function psText(processes: readonly ProcessConnections[], paint: Paint): string {
  if (processes.length === 0) return 'No process that may be looked at has a TCP connection.'
  return processes.map((each) => processText(each, paint)).join('\n\n')
}

function processText({ pid, command, connections }: ProcessConnections, paint: Paint): string {
  const unprotected = connections.filter(({ protection }) => protection === 'unprotected').length
  const count = `${connections.length} ${connections.length === 1 ? 'connection' : 'connections'}`
  const marked = unprotected === 0 ? '' : `, ${paint.bad(`${unprotected} unprotected`)}`
  const title = [
    `${paint.bold(`${pid}`)} ${shortened(printable(command), COMMAND_WIDTH)}`,
    `${count}${marked}`,
  ]
  if (connections.length === 0) return title.join('\n')
  return [
    ...title,
    ...table([
      ['', 'PEER', 'STATE', 'KEEPALIVE'].map((heading) => paint.dim(heading)),
      ...connections.map((connection) => row(connection, paint)),
    ]),
  ].join('\n')
}

function row(connection: Connection, paint: Paint): string[] {
  const { remote, service, state, protection } = connection
  const peer = [endpointText(remote.address, remote.port), service].filter(Boolean).join(' ')
  const mark = protection === 'unprotected' ? paint.bad('!') : ' '
  return [mark, withoutMiddle(peer, PEER_WIDTH), state, timerText(connection, paint)]
}

function timerText({ protection, timerIn, unansweredProbes }: Connection, paint: Paint): string {
  const next = formatDuration(Math.max(1, Math.round(timerIn / 1000)) * 1000)
  switch (protection) {
    case 'protected':
      return unansweredProbes === 0
        ? `probe in ${next}`
        : paint.doubtful(`${unansweredProbes} unanswered, next in ${next}`)
    case 'unprotected':
      return paint.bad('off')
    case 'in-flight':
      return 'data in flight'
    case 'closing':
      return ''
  }
}

// oxlint-disable-next-line no-control-regex -- that is what is looked for
const CONTROLS = /[\u0000-\u001F\u007F-\u009F]+/g

/** Somebody else chose these words, and could make a terminal obey them. */
function printable(text: string): string {
  return text.replaceAll(CONTROLS, ' ')
}

/** Of an address the end is needed too. */
function withoutMiddle(text: string, width: number): string {
  if (text.length <= width) return text
  const half = Math.floor((width - 1) / 2)
  return `${text.slice(0, width - 1 - half)}…${text.slice(-half)}`
}
