/** valgrind's memcheck over the binding within Node, optimized as it is published, with the names of its functions kept. */
import { join } from 'node:path'
import { releaseWithNames } from '../../lab/library.ts'
import type { Figure } from '../record.ts'
import { callsIn, compileBindings, everyFunction, misbehave } from './binding.ts'
import { mustBeClean, mustFind, type Watched } from './tool.ts'

const ROUNDS = 10
const THREADS = 3

export async function memcheck(): Promise<readonly Figure[]> {
  const { plain, misbehaving } = await compileBindings(releaseWithNames('sanitizers/memcheck'))
  const calls = callsIn(await mustBeClean(watched(everyFunction(plain, ROUNDS, THREADS))))
  await mustFind(/Invalid read of size 1[^]*on_purpose/, watched(misbehave(misbehaving, 'overflow')))
  await mustFind(/definitely lost in loss record[^]*on_purpose/, watched(misbehave(misbehaving, 'leak')))
  const { node } = process.versions
  const figure = `${calls} calls in ${THREADS + 1} threads, 0 errors; 2 of 2 planted errors found`
  return [[`every function of the binding under valgrind, Node ${node}`, figure]]
}

function watched(parameters: readonly string[]): Watched {
  return {
    program: 'valgrind',
    parameters: [
      '--smc-check=all-non-file', // V8 writes code while it runs
      '--leak-check=full',
      '--show-leak-kinds=definite',
      '--errors-for-leak-kinds=definite',
      '--error-exitcode=99',
      `--suppressions=${join(import.meta.dirname, 'leaks-of-node.valgrind')}`,
      process.execPath,
      // Nothing is compiled at run time, and V8 has no threads of its own, which valgrind would run one at a time.
      '--jitless',
      '--single-threaded',
      ...parameters,
    ],
  }
}
