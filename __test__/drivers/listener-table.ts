/** The table of listeners in docs/drivers.md, made from the test data. */
import { table } from '../../lab/markdown.ts'
import { type Case, cases, type State } from '../../lab/listeners/case.ts'

const IN_WORDS: Readonly<Record<string, string>> = {
  '': 'never',
  idle: 'idle',
  asked: 'during a call',
  'idle,asked': 'always',
}

export function listenerTable(): string {
  const head = [
    'what the program holds',
    'a call under way',
    "emits `'error'`",
    'without a listener',
    'listener',
  ]
  const rows = [...cases].map(([name, one]) => [
    name,
    called(one),
    emitted(one),
    without(one),
    one.listener ?? '–',
  ])
  return table(head, rows)
}

function called({ rejects, isLogin }: Case): string {
  if (isLogin) return 'its login'
  if (rejects === undefined) return 'is answered later'
  if (rejects === 'no answer') return "tells by `'error'`"
  const [code = ''] = rejects.split(' ')
  const message = rejects.slice(code.length + 1).replaceAll('\n', ' ')
  return `rejects: \`${message.includes(code) ? message : rejects.replaceAll('\n', ' ')}\``
}

function emitted({ emits = [], emitsTwice, isLogin }: Case): string {
  return `${isLogin && emits.length > 0 ? 'always' : wordsFor(emits)}${emitsTwice ? ', twice' : ''}`
}

function without({ ends = [], isLogin }: Case): string {
  if (ends.length === 0) return 'goes on'
  return ends.length === 2 || isLogin ? '**ends**' : `**ends**, ${wordsFor(ends)}`
}

const wordsFor = (states: readonly State[]): string => IN_WORDS[states.join()] ?? ''
