/**
 * The descriptor race: a socket dies, its number goes to a file or to another socket in the very same tick, and the
 * program goes on as if it still had the first. Whoever remembers a number then changes what belongs to somebody else.
 */
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import {
  getKeepAlive,
  getTcpInfo,
  holdKeepAlive,
  inspectSocket,
  installKeepAlive,
  setKeepAlive,
  TcpKeepAliveError,
} from 'tcp-keepalive'
import { Random } from '../random.ts'
import { Foreign } from './foreign.ts'
import { ASKED, chooseDeath, die, numberOf, type Victim, Victims } from './victims.ts'

export interface Race {
  cycles: number
  /** How often a file, or a socket, got the number of the dead socket in the tick in which it died. */
  reusedByFile: number
  reusedBySocket: number
  /** Calls made on dead sockets. */
  calls: number
  /** How often a foreign socket was read back. */
  readings: number
  /** By another process, of those. */
  readFromOutside: number
  /** By kind and way to die. */
  readonly byWay: Record<string, number>
}

const BATCH = 50

/** Another process is started for it, so not in each cycle. */
const OUTSIDE_EVERY = 1000

/** @throws for the first foreign socket that was touched, or call on a dead socket that came as far as the kernel */
export async function runRace(
  cycles: number,
  seed: number,
  progress?: (cycles: number) => void,
): Promise<Race> {
  const random = new Random(seed)
  const victims = new Victims(random)
  await victims.open()
  const foreign = new Foreign(victims.server, random)
  const race: Race = {
    cycles: 0,
    reusedByFile: 0,
    reusedBySocket: 0,
    calls: 0,
    readings: 0,
    readFromOutside: 0,
    byWay: {},
  }
  try {
    while (race.cycles < cycles) {
      // In every other batch all of them are held by an install, too, which ends with one of them.
      const install = random.oneIn(2) ? installKeepAlive(ASKED, { match: victims.port }) : undefined
      const last = random.below(BATCH)
      const batch = await victims.batch(BATCH)
      for (const [index, victim] of batch.entries()) {
        await cycle(index === last ? () => install?.uninstall() : undefined, victim)
        if (race.cycles >= cycles) break
      }
      install?.uninstall()
      for (const { socket, hold } of batch) {
        hold?.release()
        socket.destroy()
      }
      victims.endAll()
      await turn()
      progress?.(race.cycles)
    }
  } finally {
    victims.endAll()
    victims.server.close()
  }
  const { reusedByFile, reusedBySocket, readings } = foreign
  return Object.assign(race, { reusedByFile, reusedBySocket, readings })

  async function cycle(uninstall: (() => void) | undefined, made: Victim): Promise<void> {
    const victim = made.kind === 'connecting' ? await victims.connecting() : made
    const death = chooseDeath(random, victim)
    const number = numberOf(victim)
    if (number < 0) return // its peer has died before it
    die(victim, death, () => foreign.open(number))
    race.calls += callAll(victim, uninstall)
    foreign.check(`${victim.kind}, ${death}, in the same tick`)
    // One more that Node itself opens, in the next tick.
    const other = victims.connect()
    await new Promise<void>((resolve) => process.nextTick(resolve))
    race.calls += callAll(victim)
    foreign.check(`${victim.kind}, ${death}, in the next tick`)
    await turn()
    foreign.check(`${victim.kind}, ${death}, in the next turn`)
    // The dead object may live again, with what still waits for its connection.
    if ((victim.kind === 'client' || victim.kind === 'accepted') && victim.socket.closed && random.oneIn(4)) {
      victim.socket.connect(victims.port, '127.0.0.1')
      await once(victim.socket, 'connect')
      foreign.check(`${victim.kind}, ${death}, when it is connected again`)
    }
    if (race.cycles % OUTSIDE_EVERY === 0) {
      foreign.checkFromOutside()
      race.readFromOutside++
    }
    foreign.close()
    other.destroy()
    victim.socket.destroy()
    victim.hold?.release()
    const way = `${victim.kind}: ${death}`
    race.byWay[way] = (race.byWay[way] ?? 0) + 1
    race.cycles++
  }
}

/** Everything that can be called on a dead socket. @returns how many calls that were */
function callAll({ socket, hold }: Victim, uninstall?: () => void): number {
  refused(() => setKeepAlive(socket, ASKED))
  refused(() => setKeepAlive(socket, false))
  refused(() => getKeepAlive(socket))
  refused(() => getTcpInfo(socket))
  refused(() => inspectSocket(socket))
  refused(() => holdKeepAlive(socket, { detectWithin: 30_000 }))
  // As a driver calls it, on a held socket and on one that is not.
  socket.setKeepAlive(true, 5000)
  socket.setKeepAlive(false)
  hold?.release()
  uninstall?.()
  return hold ? 9 : 8
}

/** By this package itself: an error of the system would say that some descriptor had been asked. */
function refused(call: () => void): void {
  try {
    call()
  } catch (error) {
    if (error instanceof TcpKeepAliveError) return
    throw error
  }
  throw new Error(`a dead socket was not refused: ${call.toString()}`)
}
