/** Describes the error of a watched connection. */
import { outcomeOf } from 'tcp-keepalive'

const IN_WORDS: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'no name server has answered',
  EADDRNOTAVAIL: 'this machine has no address to connect from',
  ECONNREFUSED: 'the machine answers, but nothing listens on that port',
  EHOSTUNREACH: 'unreachable: there is no route to that host',
  ENETUNREACH: 'unreachable: there is no route to that network',
  ENOTFOUND: 'there is no such host',
  ETIMEDOUT: 'nothing answers',
}

/** On Windows the same error may also mean that the peer does not answer: see `Outcome`. */
const RESET = `the peer was restarted, or has dropped the connection${process.platform === 'win32' ? ', or does not answer' : ''}`

/** The last known values; `undefined` if the system does not report them. */
interface Known {
  readonly silentFor: number | undefined
  readonly unansweredProbes: number | undefined
}

export function lossInWords(error: NodeJS.ErrnoException, known: Known): string {
  switch (outcomeOf(error)) {
    case 'no-answer':
      return noAnswer(known)
    case 'reset':
      return RESET
    case 'unreachable':
      return 'a router, or this machine, no longer has a route to the peer'
    default:
      return IN_WORDS[error.code ?? ''] ?? error.message
  }
}

function noAnswer({ silentFor, unansweredProbes }: Known): string {
  const probes = unansweredProbes === undefined ? 'the probes' : `${unansweredProbes} probes`
  const silence = silentFor === undefined ? '' : `, silent for ${(silentFor / 1000).toFixed(1)} s`
  return `no answer to ${probes}${silence}`
}
