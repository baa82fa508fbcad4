/** The part `reach`: files and sockets come and go while all descriptors are scanned, both as fast as possible. */
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { compileMisbehaving } from '../../lab/library.ts'
import { run as runProgram } from '../../lab/run.ts'
import { inTemporaryFolder } from '../../lab/temporary.ts'
import { readOptions, wholeNumber } from '../arguments.ts'
import { count, type Figure } from '../record.ts'
import type { Looked } from './look.ts'

export const usage = '  --seconds N  how long it runs (600)'

/** A lingering close waits for 4 s. A scan that waited for one takes longer than this. */
const LONGEST_LOOK_MS = 3000

export async function run(args: readonly string[]): Promise<readonly Figure[]> {
  const seconds = wholeNumber('seconds', readOptions(args, 'seconds').seconds, 600)
  return figuresOf(seconds, await disturbed(seconds, await compileMisbehaving()))
}

/** Throws if anything was harmed. */
export function figuresOf(seconds: number, looked: Looked): readonly Figure[] {
  const { looks, longestMs, adopted, files, sockets, lingering, locksLost, othersChanged } = looked
  const figures: readonly Figure[] = [
    ['time', `${count(seconds)} s`],
    ['looks over all descriptors', count(looks)],
    ['the longest of them', `${count(Math.round(longestMs))} ms`],
    ['connections that got the values', count(adopted)],
    ['files opened, locked and closed beside them', count(files)],
    ['sockets opened and closed', count(sockets)],
    ['closes that lingered for 4 s', count(lingering)],
    ['locks lost', count(locksLost)],
    ['other sockets changed', count(othersChanged)],
    ['descriptors left', count(looked.descriptorsLeft)],
    ['threads left', count(looked.threadsLeft)],
  ]
  const isProof = looks > 10 && adopted > 0 && files > 10 && sockets > 10 && lingering > 0
  const harm = locksLost + othersChanged + looked.descriptorsLeft + looked.threadsLeft
  if (isProof && harm === 0 && longestMs < LONGEST_LOOK_MS) return figures
  throw new Error(figures.map((figure) => figure.join(': ')).join('\n'))
}

/**
 * Runs look.ts in a process of its own, which may crash.
 *
 * @param library the binding with the threads that open and close files and sockets
 * @param environment for a tool that checks the memory
 */
export async function disturbed(
  seconds: number,
  library: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<Looked> {
  return inTemporaryFolder('reach', async (folder) => {
    const binding = join(folder, 'misbehaving.node')
    await copyFile(library, binding)
    const program = join(import.meta.dirname, 'look.ts')
    const words = ['--import=ts-blank-space/register', program, binding, folder, String(seconds)]
    const options = { cwd: ROOT, environment: { ...process.env, ...environment } }
    return JSON.parse(await runProgram(process.execPath, words, options)) as Looked
  })
}
