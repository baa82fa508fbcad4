/** Runs programs under a tool that checks their memory, and shows that the tool finds planted errors. */
import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ROOT } from '../../lab/command.ts'
import { type Build, compileLibrary, MISBEHAVING } from '../../lab/library.ts'
import { type Ended, end } from '../../lab/run.ts'

/** A program, its parameters, and what it needs in its environment. */
export type Watched = readonly [words: readonly string[], environment?: NodeJS.ProcessEnv]

/** At the end of a process, LeakSanitizer stops its threads by ptrace. It may crash there itself, and then it has checked nothing. */
const NOT_CHECKED = /LeakSanitizer has encountered a fatal error/

/** Runs a check, up to three times if LeakSanitizer itself crashes. What it finds, and every other error, is thrown at once. */
export async function untilChecked<T>(check: () => Promise<T>): Promise<T> {
  for (let left = 2; ; left--) {
    try {
      return await check()
    } catch (error) {
      if (left === 0 || !NOT_CHECKED.test(String(error))) throw error
      console.log('LeakSanitizer itself has crashed: once more')
    }
  }
}

/** @returns what the program printed; throws if the tool found an error, or the program failed */
export async function mustBeClean(watched: Watched): Promise<string> {
  return untilChecked(async () => {
    const { code, stdout, stderr } = await ended(watched)
    if (code === 0) return stdout
    throw new Error(`${watched[0].join(' ')}\nended with ${code ?? 'a signal'}:\n${stdout}${stderr}`)
  })
}

/** Throws if the tool does not report a planted error. @param finding the tool's report */
export async function mustFind(finding: RegExp, watched: Watched): Promise<void> {
  await untilChecked(async () => {
    const { code, stdout, stderr } = await ended(watched)
    const printed = stdout + stderr
    if (code !== 0 && finding.test(printed)) return
    throw new Error(
      `A planted error was not found (${String(finding)}) by ${watched[0].join(' ')}\n${printed}`,
    )
  })
}

async function ended([[program = '', ...parameters], environment]: Watched): Promise<Ended> {
  const whole = { ...process.env, NODE_OPTIONS: '', ...environment }
  return end(program, parameters, { cwd: ROOT, environment: whole })
}

/** A tool that watches Node, and how it reports the planted errors. */
export interface Tool {
  /** @param parameters of Node */
  watch(parameters: readonly string[]): Watched
  readonly overflow: RegExp
  readonly leak: RegExp
}

/** The binding, and one with planted errors. Both are compiled alike, so the tool that finds these errors checks both. */
export interface Bindings {
  readonly plain: string
  readonly misbehaving: string
}

export async function compileBindings(build: Build): Promise<Bindings> {
  const compile = async (file: string, crate: string): Promise<string> => {
    const library = await compileLibrary(crate, build)
    const binding = join(dirname(library), file)
    await copyFile(library, binding)
    return binding
  }
  return {
    plain: await compile('plain.node', 'tcp-keepalive-node'),
    misbehaving: await compile('misbehaving.node', MISBEHAVING),
  }
}

/** Calls every function of the binding, in this thread and in others. @returns the figure */
export async function everyFunction(
  tool: Tool,
  { plain, misbehaving }: Bindings,
  rounds: number,
  threads: number,
): Promise<string> {
  const program = [join(import.meta.dirname, 'every-function.cjs'), plain, String(rounds), String(threads)]
  const calls = (await mustBeClean(tool.watch(program))).trim()
  for (const kind of ['overflow', 'leak'] as const) {
    await mustFind(tool[kind], tool.watch(misbehave(misbehaving, kind)))
  }
  return `${calls} calls in ${threads + 1} threads, 0 errors; 2 of 2 planted errors found`
}

/** Parameters of Node: calls a function that misbehaves. */
export function misbehave(binding: string, kind: 'overflow' | 'leak'): readonly string[] {
  return ['--eval', `require(${JSON.stringify(binding)}).${kind}OnPurpose()`]
}
