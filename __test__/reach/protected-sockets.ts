/** The values that another process reads from the connections of a client that no hook sees. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { ExecutionContext } from 'ava'
import { socketsOf } from '../../lab/clients/processes.ts'

/** How long to wait for a scan. */
const PATIENCE_MS = 30_000

/**
 * Waits until another process reads the values on every connection to the port, and returns the local ports.
 *
 * @param expected the values to compare; the others may have any value
 */
export async function protectedSockets(
  t: ExecutionContext,
  pid: number,
  port: number,
  expected: Readonly<Record<string, unknown>>,
  gone: readonly number[] = [],
): Promise<number[]> {
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(50)) {
    const sockets = socketsOf(pid).filter((each) => each.peerPort === port && !gone.includes(each.localPort))
    const isDone =
      sockets.length > 0 && sockets.every((each) => isDeepStrictEqual({ ...each, ...expected }, each))
    if (!isDone && Date.now() < end) continue
    t.true(sockets.length > 0)
    for (const each of sockets) t.deepEqual({ ...each, ...expected }, each)
    return sockets.map(({ localPort }) => localPort)
  }
}
