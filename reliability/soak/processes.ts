/** The processes on the client, from outside. */
import type { Lab } from '../../lab/network/lab.ts'
import type { Postgres } from '../../lab/servers/postgres.ts'
import type { Program } from '../../lab/network/program.ts'
import type { Answers, ClientOptions, Command } from './client.ts'

/** V8's young generation grows to three times this, whatever is kept; as a rule it is 16 MiB, which would hide much. */
export const SEMI_SPACE_MIB = 1

/** One holds each connection, the other has an install. */
const PROCESSES = ['hold', 'install'] as const

const POOLS_EACH = 4

const CLIENT = new URL('client.ts', import.meta.url)

/** Node's own arguments: a collection of garbage can be asked for, and how much is kept for new objects stays the same. */
const NODE_ARGUMENTS = [
  '--expose-gc',
  `--max-semi-space-size=${SEMI_SPACE_MIB}`,
  `--import=${import.meta.resolve('ts-blank-space/register')}`,
]

export class Processes {
  readonly #programs: ReadonlyArray<Program<void>>

  private constructor(programs: ReadonlyArray<Program<void>>) {
    this.#programs = programs
  }

  static async start(
    lab: Lab,
    { connection }: Postgres,
    connections: number,
    seed: number,
  ): Promise<Processes> {
    const sizes = shares(connections, PROCESSES.length * POOLS_EACH)
    const programs = PROCESSES.map((by, index) => {
      const own = sizes.slice(index * POOLS_EACH, (index + 1) * POOLS_EACH)
      const options: ClientOptions = { connection, by, sizes: own, seed: seed + index + 1 }
      return lab.client.startModule(CLIENT, 'serve', options, { nodeArguments: NODE_ARGUMENTS })
    })
    const processes = new Processes(programs)
    await processes.tell('status')
    return processes
  }

  /** Tells each the same, and gives what each answers. */
  async tell<Name extends Command>(command: Name): Promise<Array<Answers[Name]>> {
    return Promise.all(
      this.#programs.map(async (program) => {
        program.send(command)
        return (await program.event<Answers[Name]>(command)).data
      }),
    )
  }
}

/** A number in parts that are as equal as can be. */
function shares(whole: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, index) => Math.floor((whole + index) / parts))
}
