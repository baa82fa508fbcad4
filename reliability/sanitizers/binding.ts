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

/** The feature under which the core has functions that misbehave; in no build that is published. */
const MISBEHAVES = '--features=misbehave-on-purpose'

/** The same build without and with functions that misbehave; both are compiled alike, so what finds one watches the other. */
export interface Bindings {
  readonly plain: string
  readonly misbehaving: string
}

export async function compileBindings(build: Build): Promise<Bindings> {
  return {
    plain: await compile(build, 'plain.node', []),
    misbehaving: await compile(build, 'misbehaving.node', [MISBEHAVES]),
  }
}

async function compile(build: Build, file: string, features: readonly string[]): Promise<string> {
  const words = ['build', '--quiet', '--locked', '--package=tcp-keepalive-node']
  await cargo(build, [...words, ...build.parameters, ...features])
  const folder = join(FOLDER, build.name)
  await mkdir(folder, { recursive: true })
  const binding = join(folder, file)
  await copyFile(join(folder, build.path, 'libtcp_keepalive_node.so'), binding)
  return binding
}

function cargo(build: Build, parameters: readonly string[]): Promise<string> {
  const environment = { ...process.env, ...build.environment, CARGO_TARGET_DIR: join(FOLDER, build.name) }
  return run('cargo', parameters, { cwd: ROOT, environment })
}

/** The tests of the core crate, built as given, all or those named; with a name, those that misbehave are there too. */
export function rustTests(build: Build, misbehaving?: string): Watched {
  const named = misbehaving === undefined ? [] : [MISBEHAVES, '--', misbehaving]
  return {
    program: 'cargo',
    parameters: ['test', '--quiet', '--locked', '--package=tcp-keepalive', ...build.parameters, ...named],
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
