/** The processes on the client, as the soak uses them. */
import type { Lab } from '../../lab/network/lab.ts'
import type { Program } from '../../lab/network/program.ts'
import type { Postgres } from '../../lab/servers/postgres.ts'
import type { Answers, ClientOptions, Command } from './client.ts'

/** V8's young generation grows to three times this size. The default, 16 MiB, would hide a small growth. */
export const SEMI_SPACE_MIB = 1

/** One process holds each connection, the other has an install. */
const PROCESSES = ['hold', 'install'] as const

const POOLS_EACH = 4

const CLIENT = new URL('client.ts', import.meta.url)

const NODE_ARGUMENTS = [
  '--expose-gc',
  `--max-semi-space-size=${SEMI_SPACE_MIB}`,
  `--import=${import.meta.resolve('ts-blank-space/register')}`,
]

/** Sends each process a command. @returns their answers */
export type Processes = <Name extends Command>(command: Name) => Promise<Array<Answers[Name]>>

export async function startProcesses(
  lab: Lab,
  { connection }: Postgres,
  connections: number,
  seed: number,
): Promise<Processes> {
  const pools = PROCESSES.length * POOLS_EACH
  const sizes = Array.from({ length: pools }, (_, index) => Math.floor((connections + index) / pools))
  const programs: ReadonlyArray<Program<void>> = PROCESSES.map((by, index) => {
    const own = sizes.slice(index * POOLS_EACH, (index + 1) * POOLS_EACH)
    const options: ClientOptions = { connection, by, sizes: own, seed: seed + index + 1 }
    return lab.client.startModule(CLIENT, 'serve', options, { nodeArguments: NODE_ARGUMENTS })
  })
  const tell: Processes = async <Name extends Command>(command: Name) =>
    Promise.all(
      programs.map(async (program) => {
        program.send(command)
        return (await program.event<Answers[Name]>(command)).data
      }),
    )
  await tell('status')
  return tell
}
