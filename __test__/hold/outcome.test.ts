import { getSystemErrorMap } from 'node:util'
import test from 'ava'
import { outcomeOf, outcomeOn } from '../../src/hold/outcome.ts'

const withCode = (code: string, rest: object = {}): Error => Object.assign(new Error(code), { code, ...rest })

test('each code of a lost connection has its outcome', (t) => {
  t.is(outcomeOf(withCode('ETIMEDOUT', { syscall: 'read' })), 'no-answer')
  t.is(outcomeOf(withCode('ECONNRESET', { syscall: 'read' })), 'reset')
  t.is(outcomeOf(withCode('EHOSTUNREACH', { syscall: 'read' })), 'unreachable')
  t.is(outcomeOf(withCode('ENETUNREACH', { syscall: 'write' })), 'unreachable')
  t.is(outcomeOf(withCode('EHOSTDOWN', { syscall: 'read' })), 'unreachable')
  t.is(outcomeOf(withCode('ENETDOWN', { syscall: 'read' })), 'unreachable')
})

const OTHERS = ['linux', 'darwin', 'freebsd'] as const

test('on Windows an aborted connection says that nothing came back, and elsewhere it does not', (t) => {
  for (const syscall of ['read', 'write']) {
    t.is(outcomeOn('win32', withCode('ECONNABORTED', { syscall })), 'no-answer')
    for (const platform of OTHERS) {
      t.is(outcomeOn(platform, withCode('ECONNABORTED', { syscall })), undefined, platform)
    }
  }
  t.is(outcomeOn('win32', withCode('ECONNABORTED', { syscall: 'connect' })), undefined)
  for (const platform of ['win32', 'linux']) t.is(outcomeOn(platform, withCode('ETIMEDOUT')), 'no-answer')
})

test('what libuv makes of it for a write that waits on Windows says so too, and for nothing else', (t) => {
  const cancelled = (syscall: string): Error => withCode('ECANCELED', { syscall })
  t.is(outcomeOn('win32', cancelled('write')), 'no-answer')
  t.is(outcomeOn('win32', new Error('lost', { cause: cancelled('write') })), 'no-answer')
  for (const syscall of ['read', 'connect', 'getaddrinfo', 'open'])
    t.is(outcomeOn('win32', cancelled(syscall)), undefined)
  t.is(outcomeOn('win32', withCode('ECANCELED')), undefined)
  for (const platform of OTHERS) t.is(outcomeOn(platform, cancelled('write')), undefined, platform)
})

test('an error that libuv has no name for tells nothing', (t) => {
  const named = [...getSystemErrorMap().values()].map(([name]) => name)
  t.false(named.includes('ENETRESET'))
  for (const code of ['ENETRESET', 'UNKNOWN'])
    t.is(outcomeOn('win32', withCode(code, { syscall: 'read' })), undefined)
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
