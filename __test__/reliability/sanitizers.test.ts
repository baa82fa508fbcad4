/** A check that LeakSanitizer could not make is repeated; what it finds is not. */
import test from 'ava'
import { untilChecked } from '../../reliability/sanitizers/tool.ts'

const CRASH = 'Tracer caught signal 11\n==7==LeakSanitizer has encountered a fatal error.'

/** Fails with these messages, one after the other, and then succeeds. */
function failing(...messages: string[]): { readonly check: () => Promise<string>; readonly left: string[] } {
  const check = async (): Promise<string> => {
    const message = messages.shift()
    if (message !== undefined) throw new Error(message)
    return 'clean'
  }
  return { check, left: messages }
}

test('a crash of LeakSanitizer itself is not a finding, and the check is repeated', async (t) => {
  t.is(await untilChecked(failing(CRASH, CRASH).check), 'clean')
})

test('three crashes are an error, because nothing was checked', async (t) => {
  await t.throwsAsync(untilChecked(failing(CRASH, CRASH, CRASH).check), { message: /fatal error/ })
})

test('a leak is thrown at once', async (t) => {
  const { check, left } = failing('LeakSanitizer: detected memory leaks', 'not reached')
  await t.throwsAsync(untilChecked(check), { message: /detected memory leaks/ })
  t.deepEqual(left, ['not reached'])
})
