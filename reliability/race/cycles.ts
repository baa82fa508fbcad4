/**
 * The descriptor race: a socket is closed, a file or another socket gets its number in the same tick, and the program still
 * uses the first socket. Code that has stored the number would change the wrong socket.
 */
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import * as ours from 'tcp-keepalive'
import { descriptorOf } from '../handles.ts'
import { Random } from '../random.ts'
import { Foreign } from './foreign.ts'
import { chooseWay, close, VALUES, type Victim, Victims } from './victims.ts'

export interface Race {
  readonly cycles: number
  /** How often a file, or a socket, got the number of the closed socket in the tick in which it was closed. */
  readonly reusedByFile: number
  readonly reusedBySocket: number
  readonly calls: number
  /** How often a foreign socket was read back, and how often of these by another process. */
  readonly readings: number
  readonly readFromOutside: number
  /** By kind and way to close. */
  readonly byWay: Readonly<Record<string, number>>
}

const BATCH = 50

/** Not in each cycle, because it starts another process. */
const OUTSIDE_EVERY = 1000

/** @throws for the first foreign socket that was changed, and for a call on a closed socket that reached the kernel */
export async function runRace(
  wanted: number,
  seed: number,
  progress?: (cycles: number) => void,
): Promise<Race> {
  const random = new Random(seed)
  const victims = new Victims(random)
  await victims.open()
  const foreign = new Foreign(victims.server, random)
  let [cycles, calls, readFromOutside] = [0, 0, 0]
  const byWay: Record<string, number> = {}
  try {
    while (cycles < wanted) {
      // In every other batch, an install also covers all; it ends during one of the cycles.
      const install = random.oneIn(2) ? ours.installKeepAlive(VALUES, { match: victims.port }) : undefined
      const last = random.below(BATCH)
      const batch = await victims.batch(BATCH)
      for (const [index, victim] of batch.entries()) {
        await cycle(victim, index === last ? () => install?.uninstall() : undefined)
        if (cycles >= wanted) break
      }
      install?.uninstall()
      for (const { socket, hold } of batch) {
        hold?.release()
        socket.destroy()
      }
      victims.endAll()
      await turn()
      progress?.(cycles)
    }
  } finally {
    victims.endAll()
    victims.server.close()
  }
  const { reusedByFile, reusedBySocket, watch } = foreign
  return { cycles, calls, readFromOutside, byWay, reusedByFile, reusedBySocket, readings: watch.readings }

  async function cycle(given: Victim, uninstall: (() => void) | undefined): Promise<void> {
    const victim = given.kind === 'connecting' ? await victims.connecting() : given
    const { kind, socket, hold } = victim
    const chosen = chooseWay(random, victim)
    const way = `${kind}: ${chosen}`
    const number = descriptorOf(victim.connection)
    if (number < 0) return // closed together with its peer in an earlier cycle
    close(victim, chosen, () => foreign.open(number))
    calls += callAll(victim, uninstall)
    foreign.check(`${way}, in the same tick`)
    // Node opens one more itself, in the next tick.
    const other = victims.connect()
    await new Promise<void>((resolve) => process.nextTick(resolve))
    calls += callAll(victim)
    foreign.check(`${way}, in the next tick`)
    await turn()
    foreign.check(`${way}, in the next turn`)
    // Values that still wait for the first connection must not be set on the second.
    if ((kind === 'client' || kind === 'accepted') && socket.closed && random.oneIn(4)) {
      await once(socket.connect(victims.port, '127.0.0.1'), 'connect')
      foreign.check(`${way}, when it is connected again`)
    }
    if (cycles % OUTSIDE_EVERY === 0) {
      foreign.checkFromOutside()
      readFromOutside++
    }
    foreign.close()
    other.destroy()
    socket.destroy()
    hold?.release()
    byWay[way] = (byWay[way] ?? 0) + 1
    cycles++
  }
}

/** Makes every possible call on a closed socket. @returns the number of calls */
function callAll({ socket, hold }: Victim, uninstall?: () => void): number {
  for (const call of [
    () => ours.setKeepAlive(socket, VALUES),
    () => ours.setKeepAlive(socket, false),
    () => ours.getKeepAlive(socket),
    () => ours.getTcpInfo(socket),
    () => ours.inspectSocket(socket),
    () => ours.holdKeepAlive(socket, { detectWithin: 30_000 }),
  ]) {
    mustBeRefused(call)
  }
  // As a driver calls it, on a held socket and on one that is not.
  socket.setKeepAlive(true, 5000)
  socket.setKeepAlive(false)
  hold?.release()
  uninstall?.()
  return hold ? 9 : 8
}

/** Refused by this package itself. An error of the system would mean that some descriptor was used. */
function mustBeRefused(call: () => unknown): void {
  try {
    call()
  } catch (error) {
    if (error instanceof ours.TcpKeepAliveError) return
    throw error
  }
  throw new Error(`a call on a closed socket was not refused: ${call.toString()}`)
}
