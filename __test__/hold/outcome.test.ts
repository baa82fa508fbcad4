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

test('an aborted connection on Windows means no answer, but not on other systems', (t) => {
  for (const syscall of ['read', 'write']) {
    t.is(outcomeOn('win32', withCode('ECONNABORTED', { syscall })), 'no-answer')
    for (const platform of OTHERS) {
      t.is(outcomeOn(platform, withCode('ECONNABORTED', { syscall })), undefined, platform)
    }
  }
  t.is(outcomeOn('win32', withCode('ECONNABORTED', { syscall: 'connect' })), undefined)
  for (const platform of ['win32', 'linux']) t.is(outcomeOn(platform, withCode('ETIMEDOUT')), 'no-answer')
})

test("libuv's ECANCELED means no answer for a pending write on Windows, and only there", (t) => {
  const cancelled = (syscall: string): Error => withCode('ECANCELED', { syscall })
  t.is(outcomeOn('win32', cancelled('write')), 'no-answer')
  t.is(outcomeOn('win32', new Error('lost', { cause: cancelled('write') })), 'no-answer')
  for (const syscall of ['read', 'connect', 'getaddrinfo', 'open'])
    t.is(outcomeOn('win32', cancelled(syscall)), undefined)
  t.is(outcomeOn('win32', withCode('ECANCELED')), undefined)
  for (const platform of OTHERS) t.is(outcomeOn(platform, cancelled('write')), undefined, platform)
})

test('an error without a name in libuv has no outcome', (t) => {
  const named = [...getSystemErrorMap().values()].map(([name]) => name)
  t.false(named.includes('ENETRESET'))
  for (const code of ['ENETRESET', 'UNKNOWN'])
    t.is(outcomeOn('win32', withCode(code, { syscall: 'read' })), undefined)
})

test("the cause of a client library's own error is found", (t) => {
  const wrapped = new Error('Connection terminated', {
    cause: new Error('lost', { cause: withCode('ETIMEDOUT') }),
  })
  t.is(outcomeOf(wrapped), 'no-answer')
})

test('an error of connect() has no outcome, because there was no connection', (t) => {
  t.is(outcomeOf(withCode('ETIMEDOUT', { syscall: 'connect' })), undefined)
  const tried = new AggregateError([withCode('ENETUNREACH', { syscall: 'connect' })])
  t.is(outcomeOf(Object.assign(tried, { code: 'ENETUNREACH' })), undefined)
})

test('any other value has no outcome, and a cycle of causes ends', (t) => {
  for (const other of [undefined, null, 'ETIMEDOUT', 1, {}, new Error('x'), withCode('EPIPE')]) {
    t.is(outcomeOf(other), undefined)
  }
  const ring = new Error('ring')
  ring.cause = ring
  t.is(outcomeOf(ring), undefined)
})
