import test from 'ava'
import { lossInWords } from '../../src/cli/loss-in-words.ts'

function failed(code: string, syscall = 'read'): NodeJS.ErrnoException {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall })
}

test('how long, and after how many probes, is said where the system tells', (t) => {
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

test('a connection that could not be made is told of in other words than one that was lost', (t) => {
  const nothing = { silentFor: undefined, unansweredProbes: undefined }
  t.is(lossInWords(failed('ETIMEDOUT', 'connect'), nothing), 'nothing answers')
  t.regex(lossInWords(failed('EHOSTUNREACH'), nothing), /no way to the peer any more/)
  t.regex(lossInWords(failed('EHOSTUNREACH', 'connect'), nothing), /a router says that there is no way$/)
  t.regex(lossInWords(failed('EAI_AGAIN', 'getaddrinfo'), nothing), /nobody could be asked/)
  t.is(lossInWords(failed('EPROTO', 'connect'), nothing), 'connect EPROTO')
})
