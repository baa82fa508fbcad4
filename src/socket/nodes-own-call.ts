/** Advice without this package's binary: Node's own `setKeepAlive()`, if it takes an interval and a count. */

/** The first versions whose `socket.setKeepAlive()` takes an interval and a count. */
const SINCE: Readonly<Record<number, number>> = { 24: 19, 26: 4 }
const NEWEST_MAJOR = 26

/** @param node the version of Node; `undefined` in other runtimes */
export function nodesOwnCall(node: string | undefined): readonly string[] {
  if (node === undefined || !takesIntervalAndCount(node)) return []
  return [
    'Meanwhile, Node can set time, interval and retries of a connected socket by itself, and nothing more:',
    'socket.setKeepAlive(true, 60_000, 10_000, 6) // an idle connection is given up after 2 min; again after each connect',
  ]
}

function takesIntervalAndCount(node: string): boolean {
  const [major = 0, minor = 0] = node.split('.').map(Number)
  return major > NEWEST_MAJOR || minor >= (SINCE[major] ?? Number.POSITIVE_INFINITY)
}
