import test from 'ava'
import { lossInWords } from '../../src/cli/loss-in-words.ts'

function failed(code: string, syscall = 'read'): NodeJS.ErrnoException {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall })
}

test('the text gives the silence and the number of probes if the system reports them', (t) => {
  const lost = failed('ETIMEDOUT')
  t.is(
    lossInWords(lost, { silentFor: 4021, unansweredProbes: 3 }),
    'no answer to 3 probes, silent for 4.0 s', // Linux
  )
  t.is(
    lossInWords(lost, { silentFor: 4021, unansweredProbes: undefined }),
    'no answer to the probes, silent for 4.0 s', // FreeBSD
  )
  t.is(lossInWords(lost, { silentFor: undefined, unansweredProbes: undefined }), 'no answer to the probes')
})

test('a failed attempt to connect is described in other words than a lost connection', (t) => {
  const nothing = { silentFor: undefined, unansweredProbes: undefined }
  t.is(lossInWords(failed('ETIMEDOUT', 'connect'), nothing), 'nothing answers')
  t.regex(lossInWords(failed('EHOSTUNREACH'), nothing), /no longer has a route to the peer/)
  t.regex(lossInWords(failed('EHOSTUNREACH', 'connect'), nothing), /there is no route to that host$/)
  t.regex(lossInWords(failed('EAI_AGAIN', 'getaddrinfo'), nothing), /no name server has answered/)
  t.is(lossInWords(failed('EPROTO', 'connect'), nothing), 'connect EPROTO')
})
