/** Other contexts and processes: vm, cluster workers, and sockets that are handed to a child. */
import { findings } from './program.ts'

/** @returns how many checks held, with the package loaded here and within another context */
export async function realms(node: string): Promise<number> {
  return (await findings<{ held: number }>(node, ['realms.cjs'])).held
}

/** @returns how many connections the workers had, all with their values, in both ways to share a listener */
export async function cluster(node: string, workers: number, connections: number): Promise<number> {
  let all = 0
  for (const scheduling of ['round-robin', 'none']) {
    const sizes = [workers, connections, scheduling].map(String)
    all += (await findings<{ connections: number }>(node, ['cluster.cjs', ...sizes])).connections
  }
  return all
}

/** @returns how many connections a child was handed */
export async function passing(node: string, sockets: number): Promise<number> {
  return (await findings<{ passed: number }>(node, ['passing.cjs', String(sockets)])).passed
}
