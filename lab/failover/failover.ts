/** A failover by DNS: the server's address goes dead, and its name leads to another one after a while. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KeepAliveOptions } from 'tcp-keepalive'
import { type ServerName, withServers } from '../clients/catalogue.ts'
import { knowingName } from '../clients/processes.ts'
import type { Lab } from '../network/lab.ts'
import type { Program } from '../network/program.ts'
import { inTemporaryFolder } from '../temporary.ts'

const SERVERS: readonly ServerName[] = ['postgres', 'mariadb', 'redis', 'http2']

/** The server's second address, on the same link; as long as the first. */
const SECOND = '10.9.2.2'
const NAME = 'server.test'

export interface Answered {
  readonly name: string
  /** Milliseconds from the death of the first address to the first answer; `undefined`: none yet. */
  readonly took: number | undefined
  /** How long the client itself may wait at most, in milliseconds: its retry delay, and its resolver's. */
  readonly backoffMs: number
  readonly pausedMs: number
}

export interface Failover {
  /** What is installed in each program; `undefined`: nothing. */
  readonly options: KeepAliveOptions | undefined
}

/**
 * @param programs all go through the same failover
 * @param movedMs after this much the name leads to the new address
 * @param stopMs after this much nobody is waited for any longer; for programs without an install never
 */
export async function failOver(
  lab: Lab,
  programs: readonly Failover[],
  movedMs: number,
  stopMs: number,
): Promise<Answered[][]> {
  await lab.server.configure(`ip address add ${SECOND}/24 dev eth0`)
  return withServers(lab.server, SERVERS, (started) =>
    inTemporaryFolder('failover', async (folder) => {
      const hosts = join(folder, 'hosts')
      await writeFile(hosts, `${lab.server.address} ${NAME}\n`)
      const ports = Object.fromEntries([...started].map(([name, { port }]) => [name, port]))
      const where = { name: NAME, host2: SECOND, ports }
      const running = programs.map(({ options }) => startProgram(lab, hosts, { ...where, options }))
      await Promise.all(running.map((program) => program.event('ready')))
      await lab.router.configure(dropScript(lab.server.address))
      const diedAt = performance.timeOrigin + performance.now()
      for (const program of running) program.send('died')
      await sleep(movedMs)
      // In place, so that whoever reads it meanwhile finds either.
      await writeFile(hosts, SECOND, { flag: 'r+' })
      const until = performance.now() + stopMs - movedMs
      const { length } = Object.keys(await allClients())
      const waitedFor = running.filter((_, index) => programs[index]?.options !== undefined)
      const isOpen = (): boolean => waitedFor.some((program) => program.told('answered').length < length)
      while (isOpen() && performance.now() < until) await sleep(50)
      const all = await Promise.all(running.map((program) => answersOf(program, movedMs, diedAt)))
      await Promise.all(running.map((program) => program.stop()))
      return all
    }),
  )
}

interface Entry {
  readonly name: string
  readonly at: number
  readonly pausedMs: number
}

async function answersOf(program: Program<void>, movedMs: number, diedAt: number): Promise<Answered[]> {
  const uncaught = program.events.find(({ name }) => name === 'uncaught')
  if (uncaught) throw new Error(`uncaught in the clients' program: ${String(uncaught.data)}`)
  const clients = await allClients()
  return Object.entries(clients).map(([name, { backoffMs }]) => {
    const answer = program.told<Entry>('answered').find((one) => one.name === name)
    const took = answer && answer.at - diedAt
    return { name, took, backoffMs: backoffMs(movedMs), pausedMs: answer?.pausedMs ?? 0 }
  })
}

type Clients = Readonly<Record<string, { backoffMs(movedMs: number): number }>>

async function allClients(): Promise<Clients> {
  const { CLIENTS } = (await import(new URL('clients.mjs', import.meta.url).href)) as { CLIENTS: Clients }
  return CLIENTS
}

function startProgram(lab: Lab, hosts: string, given: object): Program<void> {
  const module = new URL('inside.mjs', import.meta.url)
  return lab.client.startModule(module, 'runFailover', given, knowingName(hosts))
}

/** For the router: nothing passes to one address or from it, and nobody is told. */
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
