/** Other versions of Node, from npm's own packages of them, in the cache folder. */
import { join } from 'node:path'
import { npmPackage } from './platforms/download.ts'

/** The newest of each line that the clients run on. */
export const NEWEST: readonly string[] = ['20.20.2', '22.23.3', '24.21.0', '26.10.0']

/** The newest of each line that this package runs on. */
export const everyLine: readonly string[] = ['18.20.8', ...NEWEST]

/** All but this process's version, which `npm test` uses. */
export const versions: readonly string[] = NEWEST.filter((version) => version !== process.versions.node)

/** The program of a version. It is downloaded if it is missing; several processes may do that at the same time. */
export async function nodeOf(version: string): Promise<string> {
  return join(await npmPackage(`node-${process.platform}-${process.arch}@${version}`), 'bin/node')
}
