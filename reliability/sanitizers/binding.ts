/** The binding, compiled to be watched, and the program that calls all of it. */
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { run } from '../../lab/run.ts'
import type { Watched } from './tool.ts'

/** Apart from what is built otherwise, as other flags compile everything anew. */
const FOLDER = join(ROOT, 'target/sanitizers')

/** How a build differs from the usual one. */
export interface Build {
  readonly name: string
  readonly parameters: readonly string[]
  /** Where in its target folder the library ends up. */
  readonly path: string
  readonly environment: NodeJS.ProcessEnv
}

/** The binding, and the same with functions that misbehave, which is never published. */
const BINDING = 'tcp-keepalive-node'
const MISBEHAVING = 'tcp-keepalive-misbehave'

/** Both are compiled alike, so what finds an error in one watches the other. */
export interface Bindings {
  readonly plain: string
  readonly misbehaving: string
}

export async function compileBindings(build: Build): Promise<Bindings> {
  return {
    plain: await compile(build, 'plain.node', BINDING),
    misbehaving: await compile(build, 'misbehaving.node', MISBEHAVING),
  }
}

async function compile(build: Build, file: string, crate: string): Promise<string> {
  await cargo(build, ['build', '--quiet', '--locked', `--package=${crate}`, ...build.parameters])
  const folder = join(FOLDER, build.name)
  await mkdir(folder, { recursive: true })
  const binding = join(folder, file)
  await copyFile(join(folder, build.path, `lib${crate.replaceAll('-', '_')}.so`), binding)
  return binding
}

function cargo(build: Build, parameters: readonly string[]): Promise<string> {
  const environment = { ...process.env, ...build.environment, CARGO_TARGET_DIR: join(FOLDER, build.name) }
  return run('cargo', parameters, { cwd: ROOT, environment })
}

/** The tests of the core crate, built as given; with a name, that test of what misbehaves. */
export function rustTests(build: Build, misbehaving?: string): Watched {
  const crate = misbehaving === undefined ? 'tcp-keepalive' : MISBEHAVING
  const named = misbehaving === undefined ? [] : ['--', '--ignored', misbehaving]
  return {
    program: 'cargo',
    parameters: ['test', '--quiet', '--locked', `--package=${crate}`, ...build.parameters, ...named],
    environment: { ...build.environment, CARGO_TARGET_DIR: join(FOLDER, build.name) },
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
