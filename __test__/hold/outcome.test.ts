import test from 'ava'
import { outcomeOf, outcomeOn } from '../../src/hold/outcome.ts'

const withCode = (code: string, rest: object = {}): Error => Object.assign(new Error(code), { code, ...rest })

test('each code of a lost connection has its outcome', (t) => {
  t.is(outcomeOf(withCode('ETIMEDOUT', { syscall: 'read' })), 'no-answer')
  t.is(outcomeOf(withCode('ECONNRESET', { syscall: 'read' })), 'reset')
  t.is(outcomeOf(withCode('EHOSTUNREACH', { syscall: 'read' })), 'unreachable')
  t.is(outcomeOf(withCode('ENETUNREACH', { syscall: 'write' })), 'unreachable')
})

test('on Windows two more codes say that nothing came back, and elsewhere they do not', (t) => {
  for (const code of ['ECONNABORTED', 'ENETRESET']) {
    t.is(outcomeOn('win32', withCode(code, { syscall: 'read' })), 'no-answer')
    t.is(outcomeOn('win32', withCode(code, { syscall: 'connect' })), undefined)
    for (const platform of ['linux', 'darwin', 'freebsd'])
      t.is(outcomeOn(platform, withCode(code)), undefined)
  }
  for (const platform of ['win32', 'linux']) t.is(outcomeOn(platform, withCode('ETIMEDOUT')), 'no-answer')
})

test("a client library's own error is looked through to its cause", (t) => {
  const wrapped = new Error('Connection terminated', {
    cause: new Error('lost', { cause: withCode('ETIMEDOUT') }),
  })
  t.is(outcomeOf(wrapped), 'no-answer')
})

test('an error of connect() is not about a connection', (t) => {
  t.is(outcomeOf(withCode('ETIMEDOUT', { syscall: 'connect' })), undefined)
  const tried = new AggregateError([withCode('ENETUNREACH', { syscall: 'connect' })])
  t.is(outcomeOf(Object.assign(tried, { code: 'ENETUNREACH' })), undefined)
})

test('anything else has none, and a ring of causes ends', (t) => {
  for (const other of [undefined, null, 'ETIMEDOUT', 1, {}, new Error('x'), withCode('EPIPE')]) {
    t.is(outcomeOf(other), undefined)
  }
  const ring = new Error('ring')
  ring.cause = ring
  t.is(outcomeOf(ring), undefined)
})
