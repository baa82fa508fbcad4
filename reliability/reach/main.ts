/** The part `reach`: files and sockets that come and go while all of them are looked over, as fast as both can. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../../lab/command.ts'
import { run as runProgram } from '../../lab/run.ts'
import { count, type Figure, type Measured } from '../record.ts'
import type { Looked } from './look.ts'

export const usage: Measured['usage'] = `
  --seconds N  for how long (600)`

/** A close lingers for 4 s where it waits; who waited for one cannot have looked sooner. */
const LONGEST_LOOK_MS = 3000

export async function run(args: readonly string[]): Promise<readonly Figure[]> {
  const { values } = parseArgs({ args: [...args], options: { seconds: { type: 'string' } } })
  const seconds = Number(values.seconds ?? 600)
  const looked = await disturbed(seconds)
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
  const isProof = looks > 10 && adopted > 0 && files > 100 && sockets > 100 && lingering > 0
  const harm = locksLost + othersChanged + looked.descriptorsLeft + looked.threadsLeft
  if (isProof && harm === 0 && longestMs < LONGEST_LOOK_MS) return figures
  throw new Error(figures.map((figure) => figure.join(': ')).join('\n'))
}

/** In a process of its own, which may crash. */
async function disturbed(seconds: number): Promise<Looked> {
  const folder = await mkdtemp(join(tmpdir(), 'tcp-keepalive-reach-'))
  try {
    const binding = await compile(folder)
    const program = join(import.meta.dirname, 'look.ts')
    const parameters = ['--import=ts-blank-space/register', program, binding, folder, String(seconds)]
    const child = spawn(process.execPath, parameters, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    if (code !== 0) throw new Error(`the process ended with ${code ?? signal}`)
    return JSON.parse(output) as Looked
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The binding with the threads that disturb. */
async function compile(folder: string): Promise<string> {
  const target = join(ROOT, 'target/misbehave')
  const words = ['build', '--quiet', '--locked', '--release', '--package=tcp-keepalive-misbehave']
  await runProgram('cargo', [...words, `--target-dir=${target}`], { cwd: ROOT })
  const binding = join(folder, 'misbehaving.node')
  await copyFile(join(target, 'release/libtcp_keepalive_misbehave.so'), binding)
  return binding
}
