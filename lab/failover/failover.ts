/** A failover by DNS: the server's address stops answering, and later its name resolves to another address. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KeepAliveOptions } from 'tcp-keepalive'
import type { ServerName } from '../clients/catalogue.ts'
import { withBench } from '../clients/matrix.ts'
import { knowingName } from '../clients/processes.ts'
import type { Program } from '../network/program.ts'
import { inTemporaryFolder } from '../temporary.ts'
import type { Timed } from '../timing.ts'

const SERVERS: readonly ServerName[] = ['postgres', 'mariadb', 'redis', 'http2']

/** The server's second address on the same link. It is as long as the first. */
const SECOND = '10.9.2.2'
const NAME = 'server.test'

export interface Answered {
  readonly name: string
  /** Milliseconds from the death of the first address to the first answer; `undefined`: no answer yet. */
  readonly took: number | undefined
  /** The longest wait of the client itself, in milliseconds: its retry delay, and its resolver's. */
  readonly backoffMs: number
  readonly pausedMs: number
}

const { CLIENTS } = (await import(new URL('clients.mjs', import.meta.url).href)) as {
  CLIENTS: Readonly<Record<string, { backoffMs(movedMs: number): number }>>
}

/**
 * @param installs the options of the install in each program, `undefined` for none; all programs have the same failover
 * @param movedMs the name resolves to the new address after this time
 * @param stopMs the longest wait for the programs with an install; the others are not waited for
 */
export async function failOver(
  installs: ReadonlyArray<KeepAliveOptions | undefined>,
  movedMs: number,
  stopMs: number,
): Promise<Answered[][]> {
  return withBench(SERVERS, (bench) =>
    inTemporaryFolder('failover', async (folder) => {
      const { client, router, server } = bench.lab
      await server.configure(`ip address add ${SECOND}/24 dev eth0`)
      const hosts = join(folder, 'hosts')
      await writeFile(hosts, `${server.address} ${NAME}\n`)
      const where = { name: NAME, host2: SECOND, ports: await bench.ports() }
      const module = new URL('inside.mjs', import.meta.url)
      const programs = installs.map((options) =>
        client.startModule(module, 'runFailover', { ...where, options }, knowingName(hosts)),
      )
      await Promise.all(programs.map((program) => program.event('ready')))
      await router.configure(dropScript(server.address))
      const diedAt = performance.timeOrigin + performance.now()
      for (const program of programs) program.send('died')
      await sleep(movedMs)
      // In place, so that a reader gets one of the two addresses at any time.
      await writeFile(hosts, SECOND, { flag: 'r+' })
      const until = performance.now() + stopMs - movedMs
      const waitedFor = programs.filter((_, index) => installs[index])
      const isMissing = (program: Program<void>): boolean =>
        program.told('answered').length < Object.keys(CLIENTS).length
      while (waitedFor.some(isMissing) && performance.now() < until) await sleep(50)
      return programs.map((program) => answersOf(program, movedMs, diedAt))
    }),
  )
}

function answersOf(program: Program<void>, movedMs: number, diedAt: number): Answered[] {
  const [uncaught] = program.told<string>('uncaught')
  if (uncaught) throw new Error(`uncaught in the clients' program: ${uncaught}`)
  return Object.entries(CLIENTS).map(([name, { backoffMs }]) => {
    const answer = program.told<Timed>('answered').find((one) => one.name === name)
    const took = answer && answer.at - diedAt
    return { name, took, backoffMs: backoffMs(movedMs), pausedMs: answer?.pausedMs ?? 0 }
  })
}

/** For the router: it silently drops everything from and to one address. */
function dropScript(address: string): string {
  return `nft -f - <<'RULES'
table inet failover {
  chain forward {
    type filter hook forward priority filter - 2
    ip daddr ${address} drop
    ip saddr ${address} drop
  }
}
RULES`
}
