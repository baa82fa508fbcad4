/** The binding, compiled to be watched, and the program that calls all of it. */
import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Build, compileLibrary, environmentOf, MISBEHAVING } from '../../lab/library.ts'
import type { Watched } from './tool.ts'

/** Both are compiled alike, so what finds an error in one watches the other. */
export interface Bindings {
  readonly plain: string
  readonly misbehaving: string
}

export async function compileBindings(build: Build): Promise<Bindings> {
  return {
    plain: await compile(build, 'plain.node', 'tcp-keepalive-node'),
    misbehaving: await compile(build, 'misbehaving.node', MISBEHAVING),
  }
}

async function compile(build: Build, file: string, crate: string): Promise<string> {
  const library = await compileLibrary(crate, build)
  const binding = join(dirname(library), file)
  await copyFile(library, binding)
  return binding
}

/** The tests of the core crate, built as given; with a name, that test of what misbehaves. */
export function rustTests(build: Build, misbehaving?: string): Watched {
  const crate = misbehaving === undefined ? 'tcp-keepalive' : MISBEHAVING
  const named = misbehaving === undefined ? [] : ['--', '--ignored', misbehaving]
  return {
    program: 'cargo',
    parameters: ['test', '--quiet', '--locked', `--package=${crate}`, ...build.parameters, ...named],
    environment: environmentOf(build),
  }
}

/** Parameters for Node: every exported function is called so many times over, here and in so many threads. */
export function everyFunction(binding: string, rounds: number, threads: number): readonly string[] {
  return [join(import.meta.dirname, 'every-function.cjs'), binding, String(rounds), String(threads)]
}

/** Parameters for Node: one function that misbehaves is called. */
export function misbehave(binding: string, how: 'overflow' | 'leak'): readonly string[] {
  return ['--eval', `require(${JSON.stringify(binding)}).${how}OnPurpose()`]
}

/** How many calls the program says that it made. */
export function callsIn(printed: string): number {
  const calls = JSON.parse(printed) as Readonly<Record<string, number>>
  return Object.values(calls).reduce((sum, count) => sum + count, 0)
}
